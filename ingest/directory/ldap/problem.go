package ldap

import (
	"errors"
	"fmt"

	"github.com/filengine/fil"
)

func unknownForm(column string) fil.Bilingual {
	return fil.Bilingual{
		FR: fmt.Sprintf("la colonne %q n'existe pas : un attribut, ou dn, dn:path, ATTRIBUT:cn, :guid, :sid, :hex, :base64, :time, :filetime, :disabled, :first", column),
		EN: fmt.Sprintf("there is no column %q: an attribute, or dn, dn:path, ATTRIBUTE:cn, :guid, :sid, :hex, :base64, :time, :filetime, :disabled, :first", column),
	}
}

func fault(column string, err error) *fil.Fault {
	switch {
	case errors.Is(err, errBinary):
		return fil.NewFault(column, "n'est pas du texte : écrivez ATTRIBUT:guid, :sid, :hex ou :base64", errBinary.Error())
	case errors.Is(err, errCut):
		return fil.NewFault(column, "a plus de valeurs que le serveur n'en donne à la fois", errCut.Error())
	default:
		return fil.NewFault(column, "n'a pas la forme attendue : "+err.Error(), err.Error())
	}
}
