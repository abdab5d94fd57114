package ranking

import (
	"encoding/json"
	"fmt"
	"math"

	"go.yaml.in/yaml/v3"

	"github.com/filengine/fil"
)

// The features of a content for an agent at a moment, in the order in which they are explained. The score is the sum of
// each one's value times its weight in the policy; weights are never negative, so a higher value never lowers a score.
// Those before firstPersonal are the same for every agent.
const (
	featPriority = iota
	featRecency
	featAge
	featTempo
	featLull
	featNow
	featLately
	featWhile
	featEver
	featQuarter
	featHour
	featDay
	featEndorsed
	featAppeal
	featOrg
	featTopic
	featSource
	featAuthor
	featKind
	featCommunity
	featReaders
	featCompany
	featThread
	featBeside
	featDaytime
	featText
	featPassed
	featReturned
	featFatigue
	featLanguage
	features

	firstPersonal = featOrg
)

// feature says what one term of the score is: its name in the policy file, the range of its values, what they count and,
// where it can be a reason, the sentence that tells it. Labels and sentences with %s take a name. What it means in plain words is
// with meanings; uses has all the data that it is computed from, so that an explanation can list them.
type feature struct {
	name      string
	low, high float64
	unit      fil.Bilingual
	label     fil.Bilingual // what it counts, to the letter
	sentence  fil.Bilingual
	uses      uses
}

// bilingual shortens the table.
func bilingual(fr, en string) fil.Bilingual { return fil.Bilingual{FR: fr, EN: en} }

// featureTable describes every feature, by its place.
func featureTable() [features]feature {
	doublings, share, once := bilingual("doublements (log2)", "doublings (log2)"), bilingual("de -1 à 1", "from -1 to 1"), bilingual("0 ou 1", "0 or 1")
	return [features]feature{
		featPriority: {"priority", -3, 3, bilingual("degrés", "degrees"), bilingual("Priorité éditoriale, de -3 à 3", "Editorial priority, from -3 to 3"), bilingual("Signalé comme important", "Marked as important"), usePriority},
		featRecency:  {"recency", -20, 0, bilingual("demi-vies", "half-lives"), bilingual("Âge, en demi-vies (compté négativement)", "Age, in half-lives (counted negatively)"), bilingual("Récent", "Recent"), usePublished},
		featAge:      {"age", -20, 0, doublings, bilingual("Âge en heures (log2, compté négativement)", "Age in hours (log2, counted negatively)"), bilingual("Récent", "Recent"), usePublished},
		featTempo: {
			"tempo", -40, 0, doublings, bilingual("Lectures de tous depuis sa publication, tous contenus confondus (log2, compté négativement)", "Everyone's reads of anything since its publication (log2, counted negatively)"),
			bilingual("Récent", "Recent"), usePublished | useAllReads,
		},
		featLull: {
			"lull", -40, 0, doublings, bilingual("Lectures de tous depuis qu'il a été lu (log2, compté négativement)", "Everyone's reads of anything since it was last read (log2, counted negatively)"),
			bilingual("Lu à l'instant par d'autres", "Just read by others"), usePublished | useReads | useAllReads,
		},
		featNow:     {"reads_now", 0, 7, doublings, bilingual("Ses lectures parmi les toutes dernières de l'ensemble des agents (log2)", "Its reads among the very last of all agents (log2)"), bilingual("Très lu en ce moment", "Widely read at the moment"), useReads},
		featLately:  {"reads_lately", 0, 10, doublings, bilingual("Ses lectures parmi les dernières de l'ensemble des agents (log2)", "Its reads among the latest of all agents (log2)"), bilingual("Très lu ces derniers temps", "Widely read lately"), useReads},
		featWhile:   {"reads_while", 0, 13, doublings, bilingual("Ses lectures depuis quelque temps (log2)", "Its reads for some time (log2)"), bilingual("Très lu depuis quelque temps", "Widely read for some time"), useReads},
		featEver:    {"reads_ever", 0, 40, doublings, bilingual("Ses lectures depuis toujours (log2)", "All its reads (log2)"), bilingual("Très lu dans l'organisation", "Widely read in the organisation"), useReads},
		featQuarter: {"reads_quarter", 0, 40, doublings, bilingual("Ses lectures du dernier quart d'heure (log2)", "Its reads in the last quarter of an hour (log2)"), bilingual("Très lu en ce moment", "Widely read at the moment"), useReads},
		featHour:    {"reads_hour", 0, 40, doublings, bilingual("Ses lectures de la dernière heure (log2)", "Its reads in the last hour (log2)"), bilingual("Très lu en ce moment", "Widely read at the moment"), useReads},
		featDay:     {"reads_day", 0, 40, doublings, bilingual("Ses lectures du dernier jour (log2)", "Its reads in the last day (log2)"), bilingual("Très lu aujourd'hui", "Widely read today"), useReads},
		featEndorsed: {
			"endorsed", 0, 40, doublings, bilingual("Réactions, commentaires, partages et autres signes d'intérêt du dernier jour (log2)", "Reactions, comments, shares and other signs of interest in the last day (log2)"),
			bilingual("Fait réagir en ce moment", "People react to it at the moment"), useEndorsed,
		},
		featAppeal: {"appeal", -8, 8, doublings, bilingual("Lectures par affichage, comparées à la moyenne (log2)", "Reads per time shown, compared with the mean (log2)"), bilingual("Souvent ouvert par ceux qui le voient", "Often opened by those who see it"), useReads | useShown},
		featOrg: {
			"org", -4, 4, doublings, bilingual("Lectures dans votre organisation, comparées aux autres (log2)", "Reads in your organisation, compared with others (log2)"),
			bilingual("Lu dans votre organisation", "Read in your organisation"), useOrg | useOrgReads,
		},
		featTopic:     {"topic", -1, 1, share, bilingual("Votre goût pour le thème « %s », de -1 à 1", "Your taste for the topic “%s”, from -1 to 1"), bilingual("Vous lisez ou suivez le thème « %s »", "You read or follow the topic “%s”"), useTopics | useActs | useWishes},
		featSource:    {"source", -1, 1, share, bilingual("Votre goût pour la source « %s », de -1 à 1", "Your taste for the source “%s”, from -1 to 1"), bilingual("Vous lisez ou suivez « %s »", "You read or follow “%s”"), useSource | useActs | useWishes},
		featAuthor:    {"author", -1, 1, share, bilingual("Votre goût pour l'auteur « %s », de -1 à 1", "Your taste for the author “%s”, from -1 to 1"), bilingual("Vous lisez ou suivez %s", "You read or follow %s"), useAuthor | useActs | useWishes},
		featKind:      {"kind", -1, 1, share, bilingual("Votre goût pour ce type de contenu (%s), de -1 à 1", "Your taste for this kind of content (%s), from -1 to 1"), bilingual("Vous lisez ou suivez ce type de contenu (%s)", "You read or follow this kind of content (%s)"), useKind | useActs | useWishes},
		featCommunity: {"community", -1, 1, share, bilingual("Votre goût pour la communauté « %s », de -1 à 1", "Your taste for the community “%s”, from -1 to 1"), bilingual("Vous lisez ou suivez la communauté « %s »", "You read or follow the community “%s”"), useCommunity | useActs | useWishes},
		featReaders:   {"readers", 0, 17, doublings, bilingual("Ressemblance moyenne entre ses lecteurs et vous (log2)", "Mean likeness between its readers and you (log2)"), bilingual("Lu par des agents qui lisent comme vous", "Read by agents who read as you do"), useActs | useReads | useAlike},
		featCompany: {
			"company", 0, 25, doublings, bilingual("Nombre de ses lecteurs qui lisent comme vous (log2)", "Number of its readers who read as you do (log2)"),
			bilingual("Lu par des agents qui lisent comme vous", "Read by agents who read as you do"), useActs | useAlike,
		},
		featThread: {"thread", 0, 25, doublings, bilingual("Souvent lu par ceux qui ont lu vos dernières lectures (log2)", "Often read by those who read what you read last (log2)"), bilingual("Dans le fil de ce que vous venez de lire", "Follows from what you have just read"), useLatest | useReads | useAlike},
		featBeside: {
			"beside", -20, 0, doublings, bilingual("Écart en heures entre sa publication et celle de votre dernière lecture (log2, compté négativement)", "Hours between its publication and that of what you read last (log2, counted negatively)"),
			bilingual("Paru en même temps que ce que vous venez de lire", "Published at the same time as what you have just read"), usePublished | useLatest,
		},
		featDaytime: {
			"daytime", -1, 1, share, bilingual("Part de son thème, de sa source ou de son type dans ce que vous lisez à cette heure-ci, comparée à vos autres heures, de -1 à 1", "Share of its topic, source or kind in what you read at this time of day, compared with your other hours, from -1 to 1"),
			bilingual("Vous en lisez souvent à cette heure-ci", "You often read such contents at this time of day"), useTopics | useSource | useKind | useHours,
		},
		featText: {"text", 0, 1, bilingual("de 0 à 1", "from 0 to 1"), bilingual("Ressemblance de son texte avec ce que vous lisez, de 0 à 1", "Likeness of its text to what you read, from 0 to 1"), bilingual("Ressemble à ce que vous lisez : %s", "Resembles what you read: %s"), useText | useActs},
		featPassed: {
			"passed", -7, 0, doublings, bilingual("Vos lectures d'autre chose depuis sa publication (log2, compté négativement)", "Your reads of other things since its publication (log2, counted negatively)"),
			bilingual("", ""), usePublished | useLatest,
		},
		featReturned: {"returned", 0, 1, once, bilingual("Paru depuis votre visite précédente (0 ou 1)", "Published since your visit before (0 or 1)"), bilingual("Nouveau depuis votre dernière visite", "New since your last visit"), usePublished | useVisit},
		featFatigue:  {"fatigue", -8, 0, doublings, bilingual("Affichages sans que vous l'ouvriez (log2, compté négativement)", "Times shown without your opening it (log2, counted negatively)"), bilingual("", ""), useOnThis},
		featLanguage: {"language", 0, 1, once, bilingual("Écrit dans votre langue (0 ou 1)", "Written in your language (0 or 1)"), bilingual("", ""), useTongues | useLanguage},
	}
}

// Weights has the weight of each feature, by its place; the file has them by name.
type Weights [features]float64

// FeatureNames lists the features in their order, by their names in the policy file.
func FeatureNames() []string {
	table := featureTable()
	names := make([]string, features)
	for i, f := range table {
		names[i] = f.name
	}
	return names
}

// Of gives the weight of a feature by its name, and whether there is one of that name.
func (w *Weights) Of(name string) (float64, bool) {
	for i, known := range FeatureNames() {
		if known == name {
			return w[i], true
		}
	}
	return 0, false
}

// Set changes the weight of a feature; false when there is none of that name.
func (w *Weights) Set(name string, weight float64) bool {
	for i, known := range FeatureNames() {
		if known == name {
			w[i] = weight
			return true
		}
	}
	return false
}

// Sum is the score of a content with these values.
func (w *Weights) Sum(values *Values) (score float64) {
	for f, weight := range w {
		score += weight * values[f]
	}
	return score
}

// Rounded gives the weights to three decimals.
func (w Weights) Rounded() Weights {
	for i := range w {
		w[i] = math.Round(w[i]*1000) / 1000
	}
	return w
}

// UnmarshalYAML reads weights by name. Those left out stay as they are; an unknown name is an error with its line.
func (w *Weights) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: weights must be a mapping of names to numbers", node.Line)}}
	}
	var wrong yaml.TypeError
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		var weight float64
		if err := value.Decode(&weight); err != nil {
			wrong.Errors = append(wrong.Errors, fmt.Sprintf("line %d: weights.%s is not a number", value.Line, name.Value))
		} else if !w.Set(name.Value, weight) {
			wrong.Errors = append(wrong.Errors, fmt.Sprintf("line %d: weights.%s is no feature: %v", name.Line, name.Value, FeatureNames()))
		}
	}
	if len(wrong.Errors) > 0 {
		return &wrong
	}
	return nil
}

// MarshalYAML writes weights by name, in the features' order.
func (w Weights) MarshalYAML() (any, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for i, name := range FeatureNames() {
		var value yaml.Node
		if err := value.Encode(w[i]); err != nil {
			return nil, fmt.Errorf("write weight %s: %w", name, err)
		}
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &value)
	}
	return node, nil
}

// MarshalJSON writes weights by name, which makes the version of a policy depend on names and not on places.
func (w Weights) MarshalJSON() ([]byte, error) {
	byName := make(map[string]float64, features)
	for i, name := range FeatureNames() {
		byName[name] = w[i]
	}
	out, err := json.Marshal(byName)
	if err != nil {
		return nil, fmt.Errorf("write weights: %w", err)
	}
	return out, nil
}
