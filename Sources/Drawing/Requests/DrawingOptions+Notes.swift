import Options

extension DrawingOptions {
  /// What the user should know before these pictures are drawn, a sentence each: words in prompts that
  /// are read as letters, and options that have no effect.
  ///
  /// - Parameter prompts: The prompts that are drawn, if they are not this table's.
  package func notes(on prompts: [String]? = nil) -> [String] {
    promptNotes(on: prompts).map(\.sentence) + withoutEffect
  }

  /// The words in prompts that are read as letters, at most one of each kind in the prompts and in the
  /// negative one.
  func promptNotes(on prompts: [String]? = nil) -> [PromptNote] {
    let read = promptWeights ? PromptMarkup.Kind.weights : []
    return PromptMarkup.found(in: prompts ?? [prompt ?? ""], without: read).map {
      PromptNote(markup: $0, isNegative: false)
    }
      + PromptMarkup.found(in: [negative ?? ""], without: read).map {
        PromptNote(markup: $0, isNegative: true)
      }
  }

  /// The options that are set and change nothing.
  var withoutEffect: [String] {
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
