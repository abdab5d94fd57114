package ranking

import (
	"math"
	"strconv"

	"github.com/filengine/fil"
)

// meaning is what a value of a feature says, in words that need no arithmetic: when it counts against the content, when it counts
// for nothing, and when it counts for it. Those with %s take what amount names, or the name that the feature is about.
type meaning struct{ less, none, more fil.Bilingual }

// felt is the value from which a feature says something: what is below is shown as zero.
const felt = 0.005

// meanings has what each feature says, by its place.
func meanings() [features]meaning {
	never := bilingual("", "")
	return [features]meaning{
		featPriority: {bilingual("Signalé comme secondaire", "Marked as less important"), bilingual("Signalé ni comme important, ni comme secondaire", "Marked neither as important nor as less important"), bilingual("Signalé comme important", "Marked as important")},
		featRecency:  {bilingual("Perd de sa force en vieillissant (%s)", "Loses strength as it grows old (%s)"), bilingual("Vient de paraître : n'a rien perdu de sa force", "Has just come out: has lost none of its strength"), never},
		featAge:      {bilingual("Date de %s", "Came out %s ago"), bilingual("Vient de paraître", "Has just come out"), never},
		featTempo: {
			bilingual("Les agents ont lu d'autres contenus depuis sa parution (%s en tout)", "Agents have read other contents since it came out (%s in all)"),
			bilingual("Les agents n'ont presque rien lu depuis sa parution", "Agents have read next to nothing since it came out"), never,
		},
		featLull:    {bilingual("Personne ne l'a lu depuis un moment (%s d'autres contenus entre-temps)", "Nobody has read it for a while (%s of other contents meanwhile)"), bilingual("Un agent vient de le lire, ou rien d'autre n'a été lu depuis sa parution", "An agent has just read it, or nothing else was read since it came out"), never},
		featNow:     {never, bilingual("Pas parmi les toutes dernières lectures des agents", "Not among what agents have just read"), bilingual("Parmi les toutes dernières lectures des agents", "Among what agents have just read")},
		featLately:  {never, bilingual("Pas parmi les dernières lectures des agents", "Not among what agents read lately"), bilingual("Parmi les dernières lectures des agents", "Among what agents read lately")},
		featWhile:   {never, bilingual("Pas lu par les agents depuis quelque temps", "Not read by agents for some time"), bilingual("Lu par les agents depuis quelque temps", "Read by agents for some time")},
		featEver:    {never, bilingual("Pas encore lu par d'autres agents", "Not read by other agents yet"), bilingual("Lu par des agents (%s en tout)", "Read by agents (%s in all)")},
		featQuarter: {never, bilingual("Pas lu ces dernières minutes", "Not read in the last minutes"), bilingual("Lu par des agents ces dernières minutes", "Read by agents in the last minutes")},
		featHour:    {never, bilingual("Pas lu ces dernières heures", "Not read in the last hours"), bilingual("Lu par des agents ces dernières heures", "Read by agents in the last hours")},
		featDay:     {never, bilingual("Pas lu ces derniers jours", "Not read in the last days"), bilingual("Lu par des agents ces derniers jours", "Read by agents in the last days")},
		featEndorsed: {
			never, bilingual("Personne n'y a réagi ces derniers jours", "Nobody has reacted to it in the last days"),
			bilingual("Des agents y ont réagi, l'ont commenté ou partagé ces derniers jours", "Agents have reacted to it, commented on it or shared it in the last days"),
		},
		featAppeal: {
			bilingual("Ceux qui le voient l'ouvrent moins souvent que les autres contenus", "Those who see it open it less often than other contents"),
			bilingual("Rien ne dit que ceux qui le voient l'ouvrent plus ou moins que les autres contenus", "Nothing tells that those who see it open it more or less than other contents"),
			bilingual("Ceux qui le voient l'ouvrent plus souvent que les autres contenus", "Those who see it open it more often than other contents"),
		},
		featOrg: {
			bilingual("Moins lu dans votre organisation qu'ailleurs", "Read less in your organisation than elsewhere"), bilingual("Ni plus ni moins lu dans votre organisation qu'ailleurs", "Read neither more nor less in your organisation than elsewhere"),
			bilingual("Plus lu dans votre organisation qu'ailleurs", "Read more in your organisation than elsewhere"),
		},
		featTopic:     tastes("le thème « %s »", "the topic “%s”"),
		featSource:    tastes("la source « %s »", "the source “%s”"),
		featAuthor:    tastes("ce que publie « %s »", "what “%s” publishes"),
		featKind:      tastes("ce type de contenu (%s)", "this kind of content (%s)"),
		featCommunity: tastes("la communauté « %s »", "the community “%s”"),
		featReaders:   {never, bilingual("Rien ne dit que ses lecteurs lisent comme vous", "Nothing tells that its readers read as you do"), bilingual("Ses lecteurs lisent en partie comme vous", "Its readers read partly as you do")},
		featCompany:   {never, bilingual("On ne connaît pas d'agents qui lisent comme vous et l'aient lu", "No agents are known who read as you do and have read it"), bilingual("Des agents qui lisent comme vous l'ont lu", "Agents who read as you do have read it")},
		featThread:    {never, bilingual("Sans lien connu avec ce que vous venez de lire", "No known link with what you have just read"), bilingual("Souvent lu par ceux qui ont lu la même chose que vous dernièrement", "Often read by those who read what you read lately")},
		featBeside: {
			bilingual("Paru à %s d'écart de ce que vous avez lu en dernier", "Came out %s apart from what you read last"),
			bilingual("Rien à comparer à la date de ce que vous avez lu en dernier, ou paru au même moment", "Nothing to compare with the date of what you read last, or came out at the same moment"), never,
		},
		featDaytime: {
			bilingual("Vous en lisez moins à cette heure-ci qu'aux autres", "You read less of this at this time of day than at others"), bilingual("Vous n'en lisez ni plus ni moins à cette heure-ci qu'aux autres", "You read neither more nor less of this at this time of day than at others"),
			bilingual("Vous en lisez plus à cette heure-ci qu'aux autres", "You read more of this at this time of day than at others"),
		},
		featText:     {never, bilingual("Son texte ne ressemble pas à ce que vous lisez", "Its text does not resemble what you read"), bilingual("Son texte ressemble à ce que vous lisez", "Its text resembles what you read")},
		featPassed:   {bilingual("Vous avez lu %s depuis sa parution", "You have read %s since it came out"), bilingual("Vous n'avez rien lu depuis sa parution", "You have read nothing since it came out"), never},
		featReturned: {never, bilingual("Rien ne dit qu'il ait paru depuis votre visite précédente", "Nothing tells that it came out since your visit before this one"), bilingual("Paru depuis votre visite précédente", "Came out since your visit before this one")},
		featFatigue:  {bilingual("Sans que vous l'ouvriez : %s", "Without your opening it: %s"), bilingual("Pas encore affiché sans que vous l'ouvriez", "Not yet shown without your opening it"), never},
		featLanguage: {never, bilingual("N'est pas écrit dans votre langue", "Not written in your language"), bilingual("Écrit dans votre langue", "Written in your language")},
	}
}

// tastes are what a taste for something says.
func tastes(fr, en string) meaning {
	return meaning{
		bilingual("Vous avez masqué des contenus de ce genre, ou en voulez moins : "+fr, "You hid such contents, or want fewer of them: "+en),
		bilingual("Ni goût ni rejet connu pour "+fr, "No known taste for or against "+en),
		bilingual("Vous lisez ou suivez "+fr, "You read or follow "+en),
	}
}

// means puts what a feature says of a content into words, without arithmetic.
func (e *explainer) means(f int, place int32, value float64) string {
	m := e.say.means[f]
	if f >= featTopic && f <= featCommunity {
		name := e.subject(f, place)
		if name == "" {
			return e.unnamed(f)
		}
		return about(e.side(value, m.less, m.none, m.more), name)
	}
	said := e.side(value, m.less, m.none, m.more)
	if math.Abs(value) < felt {
		return said
	}
	if f == featText {
		if words := e.sc.text.shared(e.b.rows[place], textWords); len(words) > 0 {
			said += e.in(" : ", ": ") + e.say.quoted(words)
		}
		return said
	}
	if amount := e.amount(f, place, value); amount != "" {
		return about(said, amount)
	}
	return said
}

// side chooses what a value says.
func (e *explainer) side(value float64, less, none, more fil.Bilingual) string {
	switch {
	case value <= -felt:
		none = less
	case value >= felt:
		none = more
	}
	return none.In(e.say.language())
}

// amount is what the words on a feature count; empty for those that count nothing.
func (e *explainer) amount(f int, place int32, value float64) string {
	undone := math.Exp2(math.Abs(value)) - 1 // of log2(1 + n)
	switch f {
	case featRecency, featAge:
		return e.say.span(math.Max(0, float64(e.b.moment-e.b.published[place])/3.6e12))
	case featBeside:
		return e.say.span(undone)
	case featTempo, featLull:
		return e.say.count(max(whole(undone), 1), e.say.reads)
	case featEver:
		return e.say.count(max(whole(float64(e.b.reads[place])), 1), e.say.reads)
	case featPassed:
		return e.say.count(whole(undone), e.say.contents)
	case featFatigue:
		return e.say.shownTimes(whole(undone))
	}
	return ""
}

// subject is the name that a feature is about; empty when the content has none.
func (e *explainer) subject(f int, place int32) string {
	switch f {
	case featTopic:
		topics := e.b.topicsOf(place)
		if len(topics) == 0 {
			return ""
		}
		_, which := e.sc.topicTaste(topics)
		return e.name(columnTopic, topics[which])
	case featSource:
		return e.nameOf(columnSource, place)
	case featAuthor:
		return e.nameOf(columnAuthor, place)
	case featKind:
		return e.say.kind(e.nameOf(columnKind, place))
	default:
		return e.nameOf(columnCommunity, place)
	}
}

// unnamed says that a content lacks what a feature is about.
func (e *explainer) unnamed(f int) string {
	return map[int]string{
		featTopic: e.in("N'a pas de thème", "Has no topic"), featSource: e.in("N'a pas de source", "Has no source"), featAuthor: e.in("N'a pas d'auteur", "Has no author"),
		featKind: e.in("N'est d'aucun type", "Is of no kind"), featCommunity: e.in("N'est d'aucune communauté", "Is of no community"),
	}[f]
}

// noun is a word for what is counted, for one and for more.
type noun struct{ one, many string }

// count writes so many of something.
func (p *phrases) count(n int, of noun) string {
	word := of.many
	if n == 1 || n == 0 && !p.english {
		word = of.one
	}
	return p.number(n) + " " + word
}

// number groups the digits of a whole number by three, as the language does.
func (p *phrases) number(n int) string {
	digits, group := strconv.Itoa(n), "\u202f"
	if p.english {
		group = ","
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + group + digits[at:]
	}
	return digits
}

// span writes a time in hours as people say it, in whole units.
func (p *phrases) span(hours float64) string {
	const day, month, year = 24, 30.44 * 24, 365.25 * 24
	switch {
	case hours < 1:
		return p.brief
	case hours < 2*day:
		return p.count(int(hours), p.hours)
	case hours < 2*month:
		return p.count(int(hours/day), p.days)
	case hours < 2*year:
		return p.count(int(hours/month), p.months)
	}
	return p.count(int(hours/year), p.years)
}
