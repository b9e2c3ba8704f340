/// Words in a prompt or caption that other programs read as options, such as `<lora:dog:0.8>`. Here the
/// text encoders read them as letters.
package struct PromptMarkup: Sendable, Equatable {
  /// What other programs do with them.
  package enum Kind: Sendable, Equatable, CaseIterable {
    /// Loads an adapter: `<lora:dog:0.8>`.
    case adapter
    /// Weights words: `(dog:1.3)`, `((dog))`, `[dog]`.
    case weight
    /// Stands for a bracket: `\(`.
    case escape
    /// Begins a new chunk of 75 tokens: `BREAK`.
    case chunk
    /// Loads a textual inversion: `embedding:name`, `<s0>`, `easynegative`.
    case embedding
    /// Stands for one of several words: `{red|blue}`, `__color__`.
    case wildcard
    /// Words that change from step to step: `[cat:dog:0.5]`, `[cat|dog]`.
    case schedule
    /// Combines two prompts: `AND`.
    case composition
    /// Weights words in compel: `dog++`, `(dog)1.4`.
    case suffix
    /// Sets an option in sd-scripts: `--w 512`.
    case option
  }

  package let kind: Kind
  /// The first such words in the text.
  package let example: String

  /// The key of the drawing option that an option of sd-scripts sets; nil for other markup.
  package var optionKey: String? {
    guard kind == .option else { return nil }
    return example.split(separator: " ").first.flatMap {
      Kind.options[String($0.drop { $0 == "-" })]
    }
  }

  /// The markup in a text, at most one of each kind. Tags of image boards such as `name_(series)` and
  /// `:)` are text.
  package static func found(in text: String) -> [PromptMarkup] {
    let plain = PromptSchedule.examples(in: text).reduce(text) { $0.replacing($1, with: "") }
    return Kind.allCases.compactMap { kind in
      kind.example(in: kind == .weight ? plain : text).map { PromptMarkup(kind: kind, example: $0) }
    }
  }

  /// The markup in several texts, at most one of each kind, without some kinds.
  package static func found(
    in texts: [String], without kinds: [Kind] = []
  ) -> [PromptMarkup] {
    var found: [PromptMarkup] = []
    for markup in texts.flatMap(Self.found)
    where !kinds.contains(markup.kind) && !found.contains(where: { $0.kind == markup.kind }) {
      found.append(markup)
    }
    return found
  }
}

extension PromptMarkup.Kind {
  /// The kinds that `prompt_weights` reads.
  package static let weights: [Self] = [.weight, .escape]

  fileprivate func example(in text: String) -> String? {
    switch self {
    case .adapter:
      first(in: text, "<", [/(?i)<(?:lora|lyco|lycoris|locon|loha|hypernet)\s*:[^<>]*>/])
    case .weight:
      // A number with a point, or up to 3 after a letter, so that `(16:9)` and `(John 3:1)` are text.
      first(
        in: text, ":",
        [
          /\([^()\[\]]*[^()\[\]\s]:\s*[0-3]?\.[0-9]+\s*\)/,
          /\([^()\[\]]*[^()\[\]\s0-9]:[0-3]\)/,
        ])
        ?? first(in: text, "((", [/\(\([^()]*\)\)/]) { $0.contains(where: \.isLetter) }
        ?? first(in: text, "[", [/\[[^\[\]]*\]/]) { $0.contains(where: \.isLetter) }
    case .escape: first(in: text, "\\", [/\\[()\[\]]/])
    case .chunk: first(in: text, "BREAK", [/\bBREAK\b/])
    case .embedding:
      first(in: text, "<", [/<[A-Za-z][\w-]*>/])
        ?? first(in: text, ":", [/(?i)\bembedding:[\w.-]+/]) ?? Self.knownEmbedding(in: text)
    case .schedule: PromptSchedule.examples(in: text).first
    case .composition: Self.composition(in: text)
    case .suffix:
      Self.plusses(in: text)
        ?? first(in: text, ")", [/\([^()]*\)(?:\+\+*|--+|[0-9]*\.[0-9]+)/]) {
          $0.contains(where: \.isLetter)
        }
    case .option: Self.option(in: text)
    case .wildcard:
      first(in: text, "{", [/\{[^{}]*\}/]) { $0.contains("|") }
        ?? first(in: text, "__", [/\b__[\w-]{1,40}__\b/])
    }
  }

  /// The first match of a text that contains `part`, which is quick to see.
  ///
  /// Captions may be long, so the time of the patterns must grow with the length, not with its square: a
  /// pattern that starts with a bracket ends before the next one, and has one repetition without a limit.
  private func first(
    in text: String, _ part: String, _ patterns: @autoclosure () -> [Regex<Substring>],
    where isMarkup: (Substring) -> Bool = { _ in true }
  ) -> String? {
    // Making a pattern takes longer than searching most texts.
    guard text.contains(part) else { return nil }
    for pattern in patterns() {
      if let match = text.matches(of: pattern).first(where: { isMarkup($0.0) }) {
        return String(match.0)
      }
    }
    return nil
  }

  /// `AND` between words. A text in capitals may be that of a sign.
  private static func composition(in text: String) -> String? {
    guard text.contains("AND") else { return nil }
    let words = text.split(whereSeparator: \.isWhitespace)
    let isBetween = words.indices.dropFirst().dropLast().contains { place in
      words[place] == "AND"
        && [words[place - 1], words[place + 1]].contains { $0.contains(where: \.isLowercase) }
    }
    return isBetween ? "AND" : nil
  }

  /// A word with several plus signs at its end, such as `dog++`. `C++` is text.
  private static func plusses(in text: String) -> String? {
    guard text.contains("++") else { return nil }
    return text.split { $0.isWhitespace || ",.;:!?".contains($0) }.first { word in
      guard word.hasSuffix("++"), let end = word.lastIndex(where: { $0 != "+" }) else {
        return false
      }
      return word[end].isLetter && end != word.startIndex
    }.map(String.init)
  }

  /// An option of sd-scripts with its value.
  private static func option(in text: String) -> String? {
    guard text.contains("--") else { return nil }
    let words = text.split(whereSeparator: \.isWhitespace)
    return zip(words, words.dropFirst()).first { name, _ in
      name.hasPrefix("--") && options[String(name.dropFirst(2))] != nil
    }.map { "\($0) \($1)" }
  }

  /// The options of prompts in sd-scripts without their dashes, and their keys for drawings.
  fileprivate static let options = [
    "n": "negative", "w": "width", "h": "height", "d": "seed", "s": "steps", "l": "guidance",
    "g": "guidance", "ss": "scheduler",
  ]

  /// A word that is the name of a widespread textual inversion.
  private static func knownEmbedding(in text: String) -> String? {
    text.split { $0.isWhitespace || ",()[]:".contains($0) }.first { word in
      let word = word.lowercased()
      return embeddings.contains { word.hasPrefix($0) }
    }.map(String.init)
  }

  private static let embeddings = [
    "easynegative", "badhandv4", "bad-hands-5", "bad_hands_5", "ng_deepnegative", "fastnegative",
    "verybadimagenegative", "negativexl", "unaestheticxl", "bad_prompt_version2", "baddream",
    "unrealisticdream", "bad-artist", "bad_artist",
  ]
}
