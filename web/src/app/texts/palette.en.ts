/** Choosing node types. */
export default {
  'palette.search': 'Search nodes',
  'palette.searchType': 'Search nodes for {type}',
  'palette.nothing': 'No node type is like that.',
  'palette.noSpecs': 'The server has not told its nodes yet.',
  'palette.categories': 'Categories',
  'palette.other': 'other',
  'palette.inputs': 'Inputs',
  'palette.outputs': 'Outputs',
  'palette.from': 'From {module}',
  'palette.deprecated': 'Deprecated: another node should be used instead.',
  'palette.experimental': 'experimental',
  'palette.isExperimental': 'Experimental: it may change.',
} as const;
