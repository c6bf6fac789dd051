/** Panels at the side. */
export default {
  'outline.find': 'Find by title, type, number or text',
  'outline.empty': 'The workflow is empty.',
  'outline.linked': 'Linked to the selected node',
  'outline.mute': 'muted',
  'outline.bypass': 'bypassed',
  'models.kind': 'Kind of models',
  'models.none': 'No model is in the folder:',
  'models.add': 'Add its node',
  'models.noLoader': 'No node of the server loads models of {kind}.',
  'models.silent': 'The file says nothing more of itself.',
  'about.title': 'About Weft',
  'about.text': 'A node-graph workflow engine for diffusion models.',
  'about.version': 'Version',
  'about.system': 'System',
  'about.nodes': 'Node types',
  'about.api': 'Documentation of the API',
} as const;
