import type { Extension } from '@codemirror/state';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { EditorExtensionRegistry, EditorLanguageRegistry } from '@jupyterlab/codemirror';

/** JupyterLab's own editor extensions for a text that is read, for views that no editor of JupyterLab's can draw. */
export async function readingLook(model: CodeEditor.IModel): Promise<readonly Extension[]> {
  const registry = new EditorExtensionRegistry();
  for (const factory of EditorExtensionRegistry.getDefaultExtensions()) {
    registry.addExtension(factory);
  }
  const languages = new EditorLanguageRegistry();
  for (const language of EditorLanguageRegistry.getDefaultLanguages()) {
    languages.addLanguage(language);
  }
  const handler = registry.createNew({
    inline: false,
    model,
    config: { lineNumbers: true, lineWrap: true, readOnly: true, searchWithCM: true }
  });
  const language = await languages.getLanguage(languages.findByMIME(model.mimeType) ?? '');
  return [...handler.getInitialExtensions(), ...(language?.support ? [language.support] : [])];
}
