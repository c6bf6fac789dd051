/** Escolha de tipos de nós. */
export default {
  'palette.search': 'Buscar nós',
  'palette.searchType': 'Buscar nós para {type}',
  'palette.nothing': 'Nenhum tipo de nó corresponde.',
  'palette.noSpecs': 'O servidor ainda não informou seus nós.',
  'palette.categories': 'Categorias',
  'palette.other': 'outros',
  'palette.inputs': 'Entradas',
  'palette.outputs': 'Saídas',
  'palette.from': 'De {module}',
  'palette.deprecated': 'Obsoleto: outro nó deve ser usado no lugar.',
  'palette.experimental': 'experimental',
  'palette.isExperimental': 'Experimental: pode mudar.',
} as const;
