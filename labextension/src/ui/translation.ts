import { nullTranslator, type ITranslator, type TranslationBundle } from '@jupyterlab/translation';

const DOMAIN = 'jupyter_secure_jobs';

/** The words of this extension in JupyterLab's language; texts of the server come as it writes them. */
export let trans: TranslationBundle = nullTranslator.load(DOMAIN);

/** Takes JupyterLab's translator, once, before anything is drawn. */
export function speak(translator: ITranslator): void {
  trans = translator.load(DOMAIN);
}
