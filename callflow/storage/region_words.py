"""Of what generated regions are made: names, shares, weeks."""

PLACES = (  # key, name, area code, short prefix, share of the extensions
    ("umea", "Umeå", "+4690", "6", 0.66),
    ("bjurholm", "Bjurholm", "+46932", "2", 0.03),
    ("nordmaling", "Nordmaling", "+46930", "3", 0.08),
    ("robertsfors", "Robertsfors", "+46934", "4", 0.08),
    ("vannas", "Vännäs", "+46935", "5", 0.09),
    ("vindeln", "Vindeln", "+46933", "7", 0.06),
)
REASONS = (("1", "är på sammanträde", "is in a meeting"), ("4", "har semester", "is on holiday"))
WEEKS = {  # days from Monday, opens and closes in minutes
    "Växel": (5, 450, 990),
    "Kontorstid": (5, 480, 990),
    "Telefontid": (4, 540, 720),
    "Förskola": (5, 390, 1050),
    "Dygnet runt": (7, 0, 1440),
}
KINDS_OF_UNITS = (  # name, telephone hours
    ("Förskola", "Förskola"),
    ("Skola", "Kontorstid"),
    ("Hemtjänst", "Dygnet runt"),
    ("Bygglov", "Telefontid"),
    ("Miljö- och hälsoskydd", "Telefontid"),
    ("IT och telefoni", "Kontorstid"),
    ("Gator och parker", "Kontorstid"),
    ("Kultur och fritid", "Kontorstid"),
)
GIVEN = (
    "Anna Erik Maria Lars Karin Johan Eva Anders Sara Per Åsa Mikael Lena Örjan Fatima Amir Linnéa Björn Elin Göran"
)
FAMILY = (
    "Lindgren Öberg Nyström Hägglund Åström Sjöberg Forsberg Lundmark Eklund Wikström Bergström Norén Hedlund Ahmadi "
    "Lövgren Sandberg Holmgren Marklund Boström Hassan Jonsson Häggström Renström Degerman Burman"
)
