/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of numbers that cost more than others, or that fraud goes to.
 *
 * premium and shared-cost: written down by hand after the public numbering plans of the
 * administrations: ITU-T's list of national numbering plans (E.164), BNetzA (DE), Ofcom
 * (GB), NANPA (1), ARCEP (FR), RTR (AT), OFCOM (CH), and so on.  Ranges whose numbers
 * cannot be told from ordinary ones of E.164 are left out (IE 1550 is +353 1 550...).
 * satellite: after ITU-T's lists of country codes and of the codes below 881, 882 and 883.
 *
 * high-risk is no plan of anybody: it is what carriers and fraud reports commonly name as
 * destinations of International Revenue Share Fraud.  Whole countries are in it because
 * ranges in them change hands faster than lists do; honest calls go there, too.  It says
 * "ask twice", not "bad": take out what your house calls.
 *
 * All of it changes.  Prefixes of a kind that a country charges like any other call
 * (freephone, mobile) are not here.
 */
#include "ranges.h"

#include <stddef.h>

static const char *const premium[] = {
	"979", /* international premium rate (ITU-T) */
	"1900", /* NANP: pay per call */
	"20900", /* EG */
	"21289", /* MA */
	"30901 30909", /* GR */
	"31900 31906 31909", /* NL */
	"32900 32901 32902 32903 32904 32905 32906 32907 32908 32909", /* BE */
	"3389", /* FR: special rates */
	"34803 34806 34807 34905 34907", /* ES */
	"351601 351607 351608 351646 351648 351760 351761 351762", /* PT */
	"352900 352901 352905", /* LU */
	"35490", /* IS */
	"355900", /* AL */
	"357900", /* CY */
	"358600 358700", /* FI */
	"35990", /* BG */
	"3690 3691", /* HU */
	"370900", /* LT */
	"37190", /* LV */
	"372900", /* EE */
	"373900", /* MD */
	"375902", /* BY */
	"380900", /* UA */
	"38190", /* RS */
	"38560 38561 38564 38565 38569", /* HR */
	"38690", /* SI */
	"38790", /* BA */
	"39892 39893 39894 39895 39899", /* IT */
	"40900 40903 40906", /* RO */
	"41900 41901 41906", /* CH */
	"420900 420906 420908 420909 420976", /* CZ */
	"421900", /* SK */
	"423900 423901 423906", /* LI */
	"43900 43901 43930 43931 43939", /* AT */
	"449", /* GB */
	"4590", /* DK */
	"46900 46939 46944", /* SE */
	"47820 47829", /* NO */
	"4870", /* PL */
	"49900", /* DE */
	"52900", /* MX */
	"54600 54609", /* AR */
	"55900", /* BR */
	"56700", /* CL */
	"61190", /* AU */
	"64900", /* NZ */
	"651900", /* SG */
	"661900", /* TH */
	"7809", /* RU */
	"81990", /* JP */
	"8260", /* KR */
	"852900", /* HK */
	"90900", /* TR */
	"9721900 9721919", /* IL */
	NULL,
};

static const char *const satellite[] = {
	"870", /* Inmarsat */
	"881", /* Iridium (8816, 8817), Globalstar (8818, 8819) and others */
	"88213", /* EMSAT */
	"88216", /* Thuraya */
	"88232 88234 88297 88298 88299", /* on board of ships and aircraft */
	NULL,
};

static const char *const shared_cost[] = {
	"808", /* international shared cost (ITU-T) */
	"27860 27861", /* ZA: sharecall */
	"30801", /* GR */
	"3270", /* BE */
	"3381 3382", /* FR */
	"34901 34902", /* ES */
	"351707 351708 351808 351809", /* PT */
	"35820", /* FI */
	"359700", /* BG */
	"3640", /* HU */
	"38572", /* HR */
	"39178 39199 39840 39841 39847 39848", /* IT */
	"40801", /* RO */
	"41840 41842 41844 41848", /* CH */
	"42081 42084", /* CZ */
	"421850", /* SK */
	"43810 43820 43821", /* AT */
	"4484 4487", /* GB: service numbers of the operators' price and a charge */
	"4677", /* SE */
	"47810 47815", /* NO */
	"48801 48804", /* PL */
	"49137 49180", /* DE */
	"54810", /* AR */
	"55300", /* BR */
	"56600", /* CL */
	"6113", /* AU: 13 and 1300 */
	"81570", /* JP */
	"911860", /* IN */
	NULL,
};

static const char *const high_risk[] = {
	"882 883 979", /* networks and services that belong to no country */
	"4470", /* GB: personal numbers, which look like mobile ones */
	/* islands that are dialled like the United States */
	"1242 1246 1264 1268 1284 1345 1473 1649 1658 1664 1721 1758 1767 1784",
	"1809 1829 1849 1868 1869 1876",
	/* Africa and its islands */
	"216 220 222 223 224 226 227 228 229 231 232 235 236 239 240 241 242 243",
	"245 246 247 248 252 253 257 261 263 265 266 269 290 291",
	"355 373 375 387", /* south and east of Europe */
	"500 53 509 592 597", /* America */
	/* islands of the Pacific */
	"670 672 674 675 676 677 678 680 681 682 683 685 686 688 690 691 692",
	"850 960 975 992 993 994", /* Asia */
	NULL,
};

const struct ranges ranges[] = {
	{ "premium", premium },
	{ "satellite", satellite },
	{ "shared-cost", shared_cost },
	{ "high-risk", high_risk },
	{ NULL, NULL },
};
