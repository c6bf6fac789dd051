/** Painéis laterais. */
export default {
  'outline.find': 'Localizar por título, tipo, número ou texto',
  'outline.empty': 'O fluxo está vazio.',
  'outline.linked': 'Ligado ao nó selecionado',
  'outline.mute': 'silenciado',
  'outline.bypass': 'contornado',
  'models.kind': 'Tipo de modelo',
  'models.none': 'Nenhum modelo na pasta:',
  'models.add': 'Adicionar o nó dele',
  'models.noLoader': 'Nenhum nó do servidor carrega modelos de {kind}.',
  'models.silent': 'O arquivo não informa mais nada.',
  'about.title': 'Sobre o Weft',
  'about.text': 'Um motor de fluxos em grafo de nós para modelos de difusão.',
  'about.version': 'Versão',
  'about.system': 'Sistema',
  'about.nodes': 'Tipos de nós',
  'about.api': 'Documentação da API',
} as const;
