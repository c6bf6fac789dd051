/** What a workflow needs and the server lacks. */
export default {
  'missing.models.one': '{count} model is missing',
  'missing.models.other': '{count} models are missing',
  'missing.nodes.one': '{count} node type is missing',
  'missing.nodes.other': '{count} node types are missing',
  'missing.nothing': 'Nothing is missing: the server knows all nodes and models of this workflow.',
  'missing.nodesHint':
    'Install the pack that brings them on the server and start it again; or delete or bypass them. They are kept as they are when you save.',
  'missing.modelsHint': 'Put the file into the models folder of the server, or choose another one here.',
  'missing.uses.one': 'used once',
  'missing.uses.other': 'used {count} times',
  'missing.use': 'Use instead of {name}',
  'missing.choose': 'Choose another…',
  'missing.again': 'Ask the server again',
  'missing.replaced': 'Choose another model',
  'missing.nearest': 'Similar: {names}',
  'missing.pack': 'Its file says that it is of the pack {name}.',
} as const;
