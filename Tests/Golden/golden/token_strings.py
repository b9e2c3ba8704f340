"""The 5,000 strings of the token fixtures, of many kinds. They are the same on every machine."""

import random
import unicodedata

COUNT = 5000

SUBJECTS = "sks dog|ohwx man|a corgi|two children|an old fisherman|the Eiffel Tower|Pelé|a robot|zwx teapot|MS Dhoni".split("|")
ACTIONS = "sitting on a bench|running through snow|holding a red umbrella|lifting the cup|at the beach|in a crowded bazaar|on the moon|wearing headphones".split("|")
STYLES = "photo|oil painting|35mm film, f/1.8|isometric 3D render|anime key visual|watercolour sketch|macro shot|black-and-white portrait|pixel art 8bit".split("|")
EXTRAS = "golden hour|highly detailed|masterpiece|best quality|bokeh|4k|8K UHD|trending on artstation|(soft light:1.2)|[blurred background]|depth of field|--ar 16:9".split("|")
PLACES = "São Paulo|Zürich|Kraków|Malmö|Besançon|İstanbul|Đà Nẵng|Reykjavík|Łódź|Åre|Curaçao|Ærø|STRAẞE|Weißenfels|Ñuñoa|Tromsø|Šiauliai|Αθήνα|ΟΔΟΣ ΣΟΦΟΣ|ΣΑΣ|Ὀδυσσεύς|ﬁnland".split("|")
SCRIPTS = "一只戴着帽子的狗坐在长椅上|赤い帽子をかぶった犬、公園で|ひらがなとカタカナのテスト|빨간 모자를 쓴 개|대한민국 서울|كلب يجلس على المقعد|صورة لِقِطَّةٍ جميلة|کتاب روی میز است|כֶּלֶב יושב על הספסל|टोपी पहने कुत्ता पार्क में|महेंद्र सिंह धोनी क्रिकेट|ন্যাশনাল পার্কে একটি কুকুর|தொப்பி அணிந்த நாய்|తెలుగు భాష|ಕನ್ನಡ ಅಕ್ಷರಮಾಲೆ|മലയാളം ലിപി|สุนัขสวมหมวกนั่งบนม้านั่ง|ຫມາໃສ່ຫມວກ|ខ្មែរ ភាសា|ခွေးတစ်ကောင်|собака в красной шляпе|Київ, Україна|Հայերեն լեզու|ქართული ᲔᲜᲐ|አማርኛ ፊደል|ᐃᓄᒃᑎᑐᑦ|ᏣᎳᎩ ꮳꮃꭹ|བོད་སྐད་ཡིག|ᠮᠣᠩᠭᠣᠯ|ߒߞߏ|𐐔𐐯𐑅𐐨𐑉𐐯𐐻|𝓯𝓪𝓷𝓬𝔂 𝐁𝐎𝐋𝐃 𝟙𝟚𝟛|Ｆｕｌｌｗｉｄｔｈ １２３".split("|")
EMOJI = "😀|🐶|👍🏽|👩‍👩‍👧‍👦|🏳️‍🌈|👨🏿‍🚀|🇮🇳|🇧🇷🇯🇵|❤️|❤|☃︎|1️⃣|#️⃣|🧑‍🤝‍🧑|🫠|🐈‍⬛|🏴󠁧󠁢󠁳󠁣󠁴󠁿|✨|🔥🔥🔥|¯\\_(ツ)_/¯|™️|㊗️|🀄".split("|")
CONTRACTIONS = "it's|IT'S|don't|DON'T|we're|We'Re|I've|I'VE|I'm|i'M|they'll|THEY'LL|he'd|HE'D|'tis|y'all've|rock 'n' roll|dogs'|'s|''s|!'s|a's's|it’s|don’t|o'clock|'sss|'ll'd|x're1|'D&D'|ſ'ſ".split("|")
ENTITIES = "&amp;|&lt;b&gt;|&quot;|&#39;|&#x27;|&nbsp;|&eacute;|&amp;amp;|&hellip;|&notanentity;|&|&#0;|<br/>|<b>bold</b>".split("|")
URLS = "https://example.org/a/b.html?q=1&r=%20x#top|www.example.com|someone@example.org|ftp://10.0.0.1:21/file.tar.gz|C:\\Users\\dog\\a.png|/home/user/.config/app.yaml|@user #hashtag|data:image/png;base64,iVBORw0KGgo=".split("|")
CODE = 'for (int i = 0; i < n; ++i) { a[i] *= 2; }|def f(x): return x**2 if x else None|SELECT * FROM t WHERE id = 1;|{"key": [1, 2.5e-3, null]}|git commit -m "fix #12"|<lora:dog_v2:0.8>|#include <stdio.h>|x => x?.y ?? z|$\\frac{a}{b}$|~~strike~~ **bold** `code`|a_b__c---d|!!!???...'.split("|")
NUMBERS = "2024|3.14159|1,000,000|1e-5|0x1F|50%|½ cup|²³¹|Ⅷ|①②③|٣٤٥|१२३|๑๒๓|〇一二三|𝟘𝟙𝟚|৪৫৬|߁߂߃|㊿|🄂|௧௨|1st 2nd 3rd|v2.13.0|16:9|-40°C".split("|")
SPECIAL = "<|startoftext|>|<|endoftext|>|<|STARTOFTEXT|>|<|EndOfText|>|<|endoftext|>'s|<|endoftext|>\u0338|<|ENDOFTEXT|>!!|a<|endoftext|>b|!<|STARTOFTEXT|>x|<|end<|endoftext|>|<|startoftext|> <|startoftext|>|<|startoftext|endoftext|>|</w>|a</w>b|<my-subject>|<MY-SUBJECT>|x<my-subject>y|<my-subject>!|!|!!!|hi!there|¡!！".replace("<|", "\0").replace("|>", "\1").split("|")
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u2028", "\u2029", "\u0085", "\u200b", "\ufeff", "\u202f", "\u205f", "\u1680", "\v", "\f", "\u180e", "\u2060"]
MARKS = "\u0300\u0301\u0302\u0303\u0307\u0308\u030a\u0323\u0327\u0328\u0331\u0338\u0345\u0653\u0654\u093c\u094d\u3099\u309a\u05bc\u20dd\ufe0f"
BASES = "aeiouAEIOUnNcCsSzZyYdDkKgGlLrRtTwW=<>αωΩνйИкаーかハदकآ한"
COMPOSABLE = "áàâäãåçéèêëíìîïñóòôöõőúùûüűýÿčďěňřšťžąęļņăîșțơưấộệǖṩḍ̇가각한쀑がパे়क़ড়ਖ਼שׁיִאַ≠≮Å"
LETTERS = "etaoinshrdlucmfwypvbgkqjxzETAOINSHRDLU"


def escape(text):
    return text.replace("\0", "<|").replace("\1", "|>")


def caption(r):
    parts = [f"{r.choice(STYLES)} of {r.choice(SUBJECTS)} {r.choice(ACTIONS)}"]
    parts += r.sample(EXTRAS, r.randint(0, 3))
    text = ", ".join(parts)
    return r.choice([str, str, str, str.upper, str.title])(text)


def place(r):
    text = f"{r.choice(SUBJECTS)} in {r.choice(PLACES)}"
    return unicodedata.normalize(r.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)


def script(r):
    words = r.choice(SCRIPTS).split(" ")
    start = r.randrange(len(words))
    text = " ".join(words[start:] + words[:start])
    return text + r.choice(["", "。", "! ", " dog", " 2024", "؟"])


def emoji(r):
    return r.choice(["", " ", "dog"]).join(r.choice(EMOJI) for _ in range(r.randint(1, 4)))


def accents(r):
    letters = [r.choice(COMPOSABLE) for _ in range(r.randint(2, 8))]
    return unicodedata.normalize(r.choice(["NFC", "NFD"]), "".join(letters))


def marks(r):
    base = lambda: r.choice(BASES) + "".join(r.choice(MARKS) for _ in range(r.randint(0, 3)))
    return "".join(base() for _ in range(r.randint(1, 5)))


def control(r):
    codes = [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x200C, 0x200D, 0x200E, 0x202E, 0xFFFD, 0xFFFE]
    pick = lambda: chr(r.choice(codes)) if r.random() < 0.4 else r.choice(LETTERS)
    return "".join(pick() for _ in range(r.randint(1, 14)))


def spaces(r):
    words = [r.choice(["dog", "It's", "5", "é", "!", ""]) for _ in range(r.randint(2, 6))]
    return "".join(w + r.choice(SPACES) * r.randint(1, 2) for w in words)


def joined(pool):
    def make(r):
        count = r.randint(1, 3)
        return escape(r.choice([" ", " ", "", ", "]).join(r.choice(pool) for _ in range(count)))
    return make


def pseudoword(r):
    """Unknown words, which need long chains of merges."""
    return " ".join(
        "".join(r.choice(LETTERS) for _ in range(r.randint(1, 12))) for _ in range(r.randint(1, 4))
    )


def ascii_noise(r):
    return "".join(chr(r.randint(0x20, 0x7E)) for _ in range(r.randint(1, 24)))


def scalars(r):
    """Random scalars of the planes in use, also unassigned ones."""
    planes = [(0xA0, 0x2FF), (0x370, 0x1FFF), (0x2000, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x1FFFF), (0x20000, 0x3FFFF)]
    return "".join(chr(r.randint(*r.choice(planes))) for _ in range(r.randint(1, 6)))


def everything(r):
    kinds = r.sample([make for make, _ in KINDS[:-2]], 3)
    return r.choice(["", " "]).join(make(r) for make in kinds)


def long(r):
    """About 200 tokens. The 75th may be inside a word, an emoji or a number."""
    makers = [caption, emoji, script, place, joined(NUMBERS), pseudoword]
    text = r.choice(makers)(r)
    while len(text) < 420:
        text += r.choice([" ", ", "]) + r.choice(makers)(r)
    return text


KINDS = [
    (caption, 900), (place, 350), (script, 400), (emoji, 300), (accents, 250), (marks, 250),
    (control, 200), (spaces, 250), (joined(CONTRACTIONS), 250), (joined(ENTITIES), 120),
    (joined(URLS), 100), (joined(CODE), 200), (joined(NUMBERS), 200), (joined(SPECIAL), 250),
    (pseudoword, 250), (ascii_noise, 250), (scalars, 200), (everything, 220), (long, 60),
]
EDGES = ["", " ", "a " * 75, "a " * 76, "a" * 400, "ab" * 300, "'" * 90, "🐕" * 60, "1" * 100]


def strings():
    """All strings without duplicates, shuffled so that the first few hundred contain every kind."""
    r = random.Random("lora-train tokens")
    found = dict.fromkeys(EDGES)
    for make, count in KINDS:
        enough = len(found) + count
        while len(found) < enough:
            found[make(r)] = None
    mixed = list(found)[len(EDGES) :]
    r.shuffle(mixed)
    return EDGES + mixed[: COUNT - len(EDGES)]
