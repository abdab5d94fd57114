package census

// Agent is one agent of a directory; empty texts and nil lists are what an agent does not have. Dates are 2006-01-02.
type Agent struct {
	ID, Org, Site, Language    string
	Branch, Category           string
	Corps, Grade, Status       string
	Region, Departement        string
	Employer, EmailDomain, Job string
	Hired, ContractEnd         string
	Supervisor                 string // an agent's identifier
	BirthDecade                int    // 1960, 1970…
	TeleworkDays               int    // a week, from 0 to 3
	WorkingTime                int    // per cent
	Manager, OptedOut          bool
	Skills, Languages          []string
	unit                       int // that it was read in, from which the next is looked for
	listed                     [16]string
}

// Read draws the agent of a rank, from 0, into a. Read into the same value rank after rank, it takes under a microsecond;
// lists are written over by the next Read.
func (d *Directory) Read(rank int, a *Agent) {
	u := d.locate(rank, a)
	e := &d.employers[u.employer]
	dice := throw(d.seed, rank)
	a.ID, a.Org, a.Employer, a.EmailDomain, a.Branch = d.id(rank, u), u.path, e.name, e.domain, e.kind.branch.name
	place := &d.tables.departements[u.departement]
	a.Region, a.Departement = d.tables.regions[place.region].name, place.name
	a.Site = u.site
	a.Language = ""
	if dice.chance(0.4) {
		a.Language = "en"
	}
	a.Supervisor = ""
	if above := d.report(rank, u, a); above >= 0 {
		a.Supervisor = d.id(above, u)
	}
	chosen := d.choose(&dice, &d.mixtures[u.mixture], a.Manager)
	a.Job, a.Corps, a.Category = chosen.job.name, chosen.corps.name, chosen.corps.category
	d.career(&dice, a, chosen.corps)
	d.habits(&dice, a, chosen)
	d.knowledge(&dice, a, chosen.job, d.tables.regions[place.region].language)
}

// locate finds the unit of a rank, which is most often the one that a was read in or the next.
func (d *Directory) locate(rank int, a *Agent) *unit {
	for n := a.unit; n < min(a.unit+2, len(d.units)); n++ {
		if u := &d.units[n]; rank >= int(u.first) && rank < int(u.first+u.size) {
			a.unit = n
			return u
		}
	}
	a.unit = d.unitOf(rank)
	return &d.units[a.unit]
}

// report says whether an agent manages others, and gives the rank of whom they report to, -1 for none. In a unit the
// first leads, and then every tenth leads those who follow, unless they would be fewer than three.
func (d *Directory) report(rank int, u *unit, a *Agent) int {
	const span, fewest = 10, 4
	first, at := int(u.first), rank-int(u.first)
	left := int(u.size) - at/span*span // in the ten that the agent is in
	switch leads := at%span == 0 && (left >= fewest || at == 0 && (left > 1 || u.over)); {
	case at == 0:
		a.Manager = leads
		if u.above < 0 {
			return -1
		}
		return int(d.units[u.above].first)
	case leads:
		a.Manager = true
		return first
	default:
		a.Manager = false
		if left < fewest {
			return first
		}
		return first + at/span*span
	}
}

// choose draws a job and a corps; for those who manage, again while the category is not the highest, a few times.
func (d *Directory) choose(dice *dice, m *mixture, manages bool) choice {
	best := m.choices[m.weights.draw(dice)]
	for tries := 0; manages && best.corps.category != "A" && tries < 4; tries++ {
		if again := m.choices[m.weights.draw(dice)]; again.corps.category < best.corps.category {
			best = again
		}
	}
	return best
}

// career draws age, seniority, status and grade, each after the other.
func (d *Directory) career(dice *dice, a *Agent, c *corps) {
	const thisYear, firstJob = 2026, 20
	age := firstJob + int((dice.share()+dice.share()+dice.share())/3*48)
	a.BirthDecade = (thisYear - age) / 10 * 10
	a.Status = c.status
	if a.Status == "" {
		a.Status = d.status(dice, a, age)
	}
	lean := 1.1
	if a.Status != "titulaire" {
		lean = 2.2
	}
	length := float64((age-firstJob)*365 + 200) // days of a career so far, at most
	if a.Status == "stagiaire" || a.Status == "apprenti" {
		length = min(length, 600)
	}
	served := 1 + dice.below(int(length), lean)
	a.Hired = d.days[asOfDay-served]
	a.ContractEnd, a.Grade = "", ""
	if a.Status == "contractuel" || a.Status == "apprenti" {
		const threeYears = 3 * 365
		if a.Status == "apprenti" || dice.chance(62) { // others have no end
			a.ContractEnd = d.days[asOfDay+1+dice.below(threeYears, 2)]
		}
		return
	}
	progress := min(0.999, 0.75*float64(served)/(30*365)+0.35*dice.share())
	a.Grade = c.grades[int(progress*float64(len(c.grades)))]
}

func (d *Directory) status(dice *dice, a *Agent, age int) string {
	roll := dice.share() * 100
	contract := 20.0
	if age < 30 {
		contract = 38
	}
	switch {
	case roll < contract:
		return "contractuel"
	case roll < contract+2.5 && !a.Manager:
		return "stagiaire"
	case roll < contract+4 && a.Category == "C" && age < 30:
		return "apprenti"
	default:
		return "titulaire"
	}
}

// habits draws how an agent works.
func (d *Directory) habits(dice *dice, a *Agent, c choice) {
	a.TeleworkDays = 0
	if dice.chance(c.job.telework) {
		a.TeleworkDays = 1 + dice.below(3, 1.2)
	}
	a.WorkingTime = 100
	if !a.Manager && c.corps.status != "militaire" && dice.chance(22) {
		a.WorkingTime = [...]int{80, 80, 80, 90, 50, 50, 70, 60}[dice.below(8, 1)]
	}
	a.OptedOut = dice.chance(4)
}

// knowledge draws skills, those of the job first, and languages.
func (d *Directory) knowledge(dice *dice, a *Agent, j *job, regional string) {
	listed := a.listed[:0]
	for n := dice.below(6, 1.6); n > 0; n-- {
		listed = added(listed, j.skills[dice.below(len(j.skills), 1.7)])
	}
	if dice.chance(30) {
		listed = added(listed, [...]string{"tableur", "secourisme", "conduite de réunion", "permis B", "tutorat", "accessibilité numérique"}[dice.below(6, 1.8)])
	}
	a.Skills = nil
	if len(listed) > 0 {
		a.Skills = listed
	}
	spoken := listed[len(listed):]
	english := 25.0
	if a.Category == "A" {
		english = 55
	}
	if dice.chance(english) {
		spoken = append(spoken, "anglais")
	}
	if dice.chance(22) {
		spoken = append(spoken, [...]string{"espagnol", "allemand", "italien", "arabe", "portugais", "langue des signes française", "chinois", "russe", "polonais", "turc"}[dice.below(10, 2.2)])
	}
	if regional != "" && dice.chance(18) {
		spoken = append(spoken, regional)
	}
	a.Languages = nil
	if len(spoken) > 0 {
		a.Languages = spoken
	}
}

// added puts a word in a list that does not have it.
func added(list []string, word string) []string {
	for _, one := range list {
		if one == word {
			return list
		}
	}
	return append(list, word)
}
