package ranking

// The words of French that say nothing of a subject: articles, pronouns, prepositions, conjunctions, adverbs, the forms
// of être, avoir, faire, pouvoir and devoir, what elision and inclusive writing leave, and what any message says.
//
//nolint:gosec // words, no password
const stopWordsFR = `
a à afin ah ai aie aient ainsi ait alors apres après as assez au aucun aucune aucunes aucuns aujourd aupres auprès aussi autant autre autrement
autres aux avaient avais avait avant avec avez aviez avions avoir avons ayant ayez ayons beaucoup bien bon bonne bonnes bons bonjour
c ça car ce ceci cela celle celles celui cependant certain certaine certaines certains ces cet cette ceux chaque chacun chacune cher chers
chez ci comme comment contre cordialement d dans de dehors deja déjà depuis derriere derrière des desormais désormais deux devait devant devez
devoir devons devra devront doit doivent donc dont du durant dû due dues dus elle elles en encore enfin ensuite entre environ es est et etaient étaient etais étais
etait était etant étant etc été étée étées étés êtes être eu eue eues eurent eus eut eux faire fais faisant fait faite faites faits faut fera feront
font fois furent fut grace grâce gros hors hui ici il ils j je jusqu jusque l la laquelle là le lequel les lesquelles lesquels leur leurs
lors lorsqu lorsque lui m ma madame mais me même mêmes merci mes mesdames messieurs mieux moi moins mon monsieur n ne ni nom non nos notre nôtre nous
nouveau nouveaux nouvel nouvelle nouvelles on ont or ou où oui par parce parmi partir pas pendant peu peut peuvent peux plus plusieurs plutôt
pour pourquoi pourra pourraient pourrait pourrez pourront pouvait pouvez pouvoir pouvons premier première premières premiers pres près presqu presque puis puisqu puisque qu quand quant que
quel quelle quelles quelqu quelque quelques quels qui quiconque quoi quoiqu quoique rien s sa sans sauf se selon sera serai seraient serait
serez seront ses seul seule seulement seuls si sien sinon soi soient sois soit sommes son sont sous souvent soyez suis suite suivant suivante suivantes suivants
sur t ta tandis tant te tel telle telles tels tes toi ton toujours tous tout toute toutefois toutes très trois trop tu un une uns va vers
via voici voilà vont vos votre vôtre vous vu y ès
an année années ans avril août décembre demain dimanche euro euros février heure heures hier janvier jeudi jour journée journées jours
juillet juin lundi mai mardi mars matin mercredi midi minute minutes mois novembre octobre samedi semaine semaines septembre soir trimestre vendredi
rice rices trice trices euse euses ère ères ière ières ne nes ve ves te tes le les lle lles
`

// The words of English that say nothing of a subject, likewise.
const stopWordsEN = `
a about above across after afterwards again against all almost along already also although always am among amongst an and another any anybody
anyone anything are aren around as at away back be became because become been before being below between both but by can cannot could couldn
dear did didn do does doesn doing don done down during each either else enough etc even ever every everybody everyone everything few first for
from further get gets getting give given go goes had hadn has hasn have haven having he hello her here hers herself hi him himself his how however i if
in into is isn it its itself just kind last least less let like ll made make makes many may maybe me might mine more most mr mrs ms much must my
myself near need needs neither never new next no nobody none nor not nothing now of off often on once one only onto or other others our ours
ourselves out over own per perhaps please quite rather re really regards same shall she should shouldn since so some someone something soon
still such take than thank thanks that the their theirs them themselves then there therefore these they thing things this those though three through thus to
together too toward towards two under unless until up upon us use used using ve very via was wasn we well were weren what whatever when where whether which while
who whole whom whose why will with within without won would wouldn yes yet you your yours yourself yourselves
afternoon april august daily date day days december evening february friday hour hours january july june march minute minutes monday month monthly months
morning november october saturday september sunday thursday today tomorrow tuesday wednesday week weekly weeks year years yesterday
`
