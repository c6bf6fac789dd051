/** O que um fluxo precisa e o servidor não tem. */
export default {
  'missing.models.one': 'Falta {count} modelo',
  'missing.models.other': 'Faltam {count} modelos',
  'missing.nodes.one': 'Falta {count} tipo de nó',
  'missing.nodes.other': 'Faltam {count} tipos de nós',
  'missing.nothing': 'Nada falta: o servidor conhece todos os nós e modelos deste fluxo.',
  'missing.nodesHint':
    'Instale no servidor o pacote que os traz e reinicie-o; ou apague ou contorne esses nós. Eles são mantidos como estão quando você salva.',
  'missing.modelsHint': 'Ponha o arquivo na pasta de modelos do servidor ou escolha outro aqui.',
  'missing.uses.one': 'usado uma vez',
  'missing.uses.other': 'usado {count} vezes',
  'missing.use': 'Usar no lugar de {name}',
  'missing.choose': 'Escolher outro…',
  'missing.again': 'Perguntar de novo ao servidor',
  'missing.replaced': 'Escolher outro modelo',
  'missing.nearest': 'Parecidos: {names}',
  'missing.pack': 'O arquivo diz que é do pacote {name}.',
} as const;
