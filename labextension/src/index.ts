import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-secure-jobs:plugin',
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    console.log(app.name);
  }
};
export default plugin;
