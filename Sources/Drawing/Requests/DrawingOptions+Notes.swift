import Options

extension DrawingOptions {
  /// What the user should know before these pictures are drawn, a sentence each: words in prompts that
  /// are read as letters, and options that have no effect.
  ///
  /// - Parameter prompts: The prompts that are drawn, if they are not this table's.
  package func notes(on prompts: [String]? = nil) -> [String] {
    let texts = (prompts ?? [prompt ?? ""]) + [negative ?? ""]
    let markup = PromptMarkup.found(
      in: texts, without: promptWeights ? PromptMarkup.Kind.weights : [])
    return markup.map(Self.sentence) + withoutEffect
  }

  private static func sentence(_ markup: PromptMarkup) -> String {
    let advice =
      switch markup.kind {
      case .adapter: "give the adapter's file to `loras`."
      case .weight: "`prompt_weights: true` reads it as a weight."
      case .escape: "`prompt_weights: true` reads it as a bracket."
      case .chunk: "no option begins a new chunk, so remove it."
      case .embedding: "embeddings (textual inversions) are not read, so remove it."
      case .wildcard: "a campaign (`prompts`) draws every variant."
      }
    return "\"\(markup.example)\" in the prompt is read as letters; \(advice)"
  }

  /// The options that are set and change nothing.
  private var withoutEffect: [String] {
    let schema = Self.schema
    let defaults = DrawingOptions()
    var notes: [String] = []
    func note(_ keys: [(String, Bool)], _ reason: String) {
      for (key, isSet) in keys where isSet {
        notes.append("`\(key)` has no effect, since \(reason).")
      }
    }
    if guidance <= 1 {
      note(
        [
          (schema.key(of: \.$negative), negative != nil),
          (schema.key(of: \.$guidanceRescale), guidanceRescale != defaults.guidanceRescale),
          (schema.key(of: \.$negativeOriginalSize), negativeOriginalSize != nil),
          (schema.key(of: \.$negativeCrop), negativeCrop != nil),
          (schema.key(of: \.$negativeTargetSize), negativeTargetSize != nil),
        ], "`guidance` is \(guidance.text)")
    }
    if refiner == nil {
      note(
        [
          (schema.key(of: \.$aestheticScore), aestheticScore != defaults.aestheticScore),
          (
            schema.key(of: \.$negativeAestheticScore),
            negativeAestheticScore != defaults.negativeAestheticScore
          ),
        ], "there is no `refiner`")
    }
    if loras.isEmpty {
      note([(schema.key(of: \.$mergeAdapters), mergeAdapters != nil)], "there is no adapter")
    }
    return notes
  }
}
