"""What the workspace server keeps: tables, repositories, migrations, and ciphertext files. SQL lives here alone."""
