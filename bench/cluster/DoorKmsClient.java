package securejobs.bench;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.crypto.KeyAccessDeniedException;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;
import org.apache.parquet.crypto.keytools.KmsClient;

/** Asks the key door of the job for the key under which a file's own keys are wrapped; one token stands for one job. */
public class DoorKmsClient implements KmsClient {
  private String door;
  private String token;

  @Override
  public void initialize(Configuration settings, String instance, String address, String accessToken) {
    door = address;
    token = accessToken;
  }

  @Override
  public String wrapKey(byte[] key, String master) {
    throw new ParquetCryptoRuntimeException("Executors read; who publishes a dataset wraps its keys.");
  }

  @Override
  public byte[] unwrapKey(String wrapped, String master) {
    try {
      HttpURLConnection asked = (HttpURLConnection) URI.create(door + "/" + master).toURL().openConnection();
      asked.setRequestMethod("POST");
      asked.setDoOutput(true);
      asked.setRequestProperty("Authorization", "Bearer " + token);
      asked.setRequestProperty("Executor", Long.toString(ProcessHandle.current().pid()));
      asked.getOutputStream().write(wrapped.getBytes(StandardCharsets.US_ASCII));
      if (asked.getResponseCode() != HttpURLConnection.HTTP_OK) {
        throw new KeyAccessDeniedException("The key door refused: " + asked.getResponseCode());
      }
      return Base64.getDecoder().decode(asked.getInputStream().readAllBytes());
    } catch (IOException error) {
      throw new ParquetCryptoRuntimeException("The key door did not answer.", error);
    }
  }
}
