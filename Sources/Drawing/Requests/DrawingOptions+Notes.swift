import Files
import Foundation
import Options
import StableDiffusion

extension DrawingOptions {
  /// What the user should know before these pictures are drawn, a sentence each: words in prompts that
  /// are read as letters, names of files, adapters that are used twice or with no strength, and options that
  /// have no effect.
  ///
  /// - Parameter prompts: The prompts that are drawn, if they are not this table's.
  package func notes(on prompts: [String]? = nil) -> [String] {
    promptNotes(on: prompts).map(\.sentence) + promptFile + adapterNotes + withoutEffect
  }

  /// The words in prompts that are read as letters, at most one of each kind in the prompts and in the
  /// negative one.
  func promptNotes(on prompts: [String]? = nil) -> [PromptNote] {
    let read = promptWeights ? PromptMarkup.Kind.weights : []
    func notes(on texts: [String], isNegative: Bool) -> [PromptNote] {
      PromptMarkup.found(in: texts, without: read).filter { !isRead($0) }
        .map { PromptNote(markup: $0, isNegative: isNegative) }
    }
    return notes(on: prompts ?? [prompt ?? ""], isNegative: false)
      + notes(on: [negative ?? ""], isNegative: true)
  }

  /// Whether a word that other programs read as an embedding is one of `embeddings`.
  private func isRead(_ markup: PromptMarkup) -> Bool {
    markup.kind == .embedding
      && embeddings.contains { TextualInversion.isWord($0.word, in: markup.example) }
  }

  /// A sentence on a prompt that is the name of a file.
  private var promptFile: [String] {
    guard let prompt, isFileName(prompt) else { return [] }
    return [
      "The prompt \"\(prompt)\" is the name of a file, which is not read; give its text to `prompt`, or a "
        + "template with several prompts to `prompts`."
    ]
  }

  /// A sentence on each adapter file that is used more than once, or with strength 0.
  var adapterNotes: [String] {
    repeatedAdapters
      + loras.filter { $0.strength * strength == 0 }.map {
        "The adapter \($0.path) has strength 0, so it changes nothing."
      }
  }

  private var repeatedAdapters: [String] {
    let files = loras.map { URL(filePath: $0.path) }
    return files.indices.compactMap { index in
      let same = files.indices.filter { DurableFile.isSame(files[$0], files[index]) }
      guard same.count > 1, same.first == index else { return nil }
      return
        "The adapter \(loras[index].path) is used \(same.count) times, so its strengths are added."
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
