import Options

extension Dataset {
  /// What captions contain that other programs read as options, and options of captions that have no
  /// effect on these images.
  func captionNotes(_ config: DatasetOptions) -> [DatasetProblem] {
    markup(config) + separators(config) + (isCompanion ? [] : withoutEffect(config))
  }

  /// One problem for each kind of markup, with the files that have it.
  private func markup(_ config: DatasetOptions) -> [DatasetProblem] {
    let frame = [config.captionPrefix, config.captionSuffix].compactMap { $0 }
    let texts = [([String](), isCompanion ? [] : frame)] + images.map { ([$0.name], $0.captions) }
    let found = texts.map { files, captions in (files, PromptMarkup.found(in: captions)) }
    return PromptMarkup.Kind.allCases.compactMap { kind in
      let examples = found.compactMap { files, markup in
        markup.first { $0.kind == kind }.map { (files, $0) }
      }
      guard let first = examples.first else { return nil }
      return DatasetProblem(examples.flatMap(\.0), first.1.problem(in: "the caption"))
    }
  }

  private func separators(_ config: DatasetOptions) -> [DatasetProblem] {
    let usual = "|||"
    let separator = config.keepTokensSeparator ?? usual
    let files = images.filter { $0.captions.contains { $0.contains(separator) } }.map(\.name)
    switch (config.keepTokensSeparator, files.isEmpty) {
    case (nil, false):
      return [
        DatasetProblem(
          files,
          "\"\(usual)\" in the caption is read as letters; `keep_tokens_separator: '\(usual)'` removes "
            + "it, and keeps the parts before it in place")
      ]
    case (let set?, true) where !isCompanion:
      return [.withoutEffect("keep_tokens_separator", "no caption contains \"\(set)\"")]
    default: return []
    }
  }

  private func withoutEffect(_ config: DatasetOptions) -> [DatasetProblem] {
    var notes: [String] = []
    func note(_ key: String, _ reason: String) {
      notes.append("`\(key)` has no effect, since \(reason)")
    }
    if config.captionDropout == 1 {
      notes.append(
        "`caption_dropout` is 1, so every caption is dropped and the subject's word is not learnt")
    }
    if !config.captionShuffle {
      if config.keepTokens > 0 { note("keep_tokens", "`caption_shuffle` is off") }
      if config.keepTokensSeparator != nil {
        notes.append(
          "`keep_tokens_separator` is only removed from captions, since `caption_shuffle` is off")
      }
    } else if !images.contains(where: { $0.captions.contains { $0.contains(",") } }) {
      note("caption_shuffle", "no caption has a comma")
    }
    if config.captionAlternatives, !images.contains(where: { $0.captions.count > 1 }) {
      note("caption_alternatives", "no image has several captions")
    }
    if config.crop == .random, images.allSatisfy({ $0.focus != nil }) {
      note("crop: random", "every image has a focus point")
    }
    return notes.map { DatasetProblem([], $0) }
  }
}

extension PromptMarkup {
  /// The problem that a text of a training has this markup, without the text's file.
  package func problem(in text: String) -> String {
    let advice =
      switch kind {
      case .adapter: "remove it, since texts load no adapter"
      case .weight: "remove the brackets, since words have no weights in training"
      case .escape: "remove the backslash"
      case .chunk: "remove it, since no word begins a new chunk"
      case .embedding: "remove it, since embeddings (textual inversions) are not read"
      case .wildcard: "write each variant as a text of its own"
      case .schedule: "remove the brackets, since texts do not change from step to step"
      case .composition: "write \"and\", since texts are not combined"
      case .suffix: "remove the signs, since words have no weights in training"
      case .option: "remove it, since texts set no options"
      }
    return "\"\(example)\" in \(text) is read as letters; \(advice)"
  }
}
