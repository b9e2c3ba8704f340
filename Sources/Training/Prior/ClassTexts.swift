import Datasets
import Foundation
import Options

/// The texts for which the base model's prediction is kept (`preservation: output`): the caption of a sample
/// with the class in place of the subject, or a class prompt for a caption that does not name the subject.
struct ClassTexts: Sendable, Equatable {
  /// The words in captions that stand for the subject and its class.
  let words: ClassWords?
  /// The class prompts.
  let prompts: [String]

  /// Throws `PriorError.noClassText` if there is neither a class word nor a class prompt.
  init(_ config: TrainingConfig, dataset: Dataset) throws(PriorError) {
    let subject = dataset.subject
    words = subject.classWord.map {
      ClassWords(subject: subject.token, subjectClass: $0)
    }
    prompts = config.classPrompts.isEmpty ? subject.defaultClassPrompts : config.classPrompts
    guard !prompts.isEmpty else {
      throw .noClassText(
        subjectFile: dataset.directory.appending(path: Subject.fileName).relativePath)
    }
  }

  /// The text for a caption. A class prompt is drawn as a pure function of seed, step and sample.
  func text(for caption: String, seed: UInt64, step: Int, sample: Int) -> String {
    if let text = replaced(caption) { return text }
    let index = CounterRandom.index(
      below: prompts.count, seed: seed, step: step, sample: sample, purpose: .classPrompt)
    return prompts[index]
  }

  /// All texts that samples with these captions may have.
  func texts(for captions: [String]) -> [String] {
    let texts = captions.map(replaced)
    return (texts.compactMap(\.self) + (texts.contains(nil) ? prompts : [])).distinct()
  }

  /// The caption with the class word in place of each word for the subject: `a photo of dog` for `a photo of
  /// sks`. Beside the class word, the word for the subject is left out: `a photo of dog` for `a photo of sks
  /// dog`. nil if the caption does not name the subject, or names it by the class word.
  func replaced(_ caption: String) -> String? {
    guard let words else { return nil }
    let (subject, subjectClass) = (
      Self.pattern(words.subject), Self.pattern(words.subjectClass)
    )
    let alone = "(?<![\\p{L}\\p{N}])\(subject)(?![\\p{L}\\p{N}])"
    let besides = "(?<![\\p{L}\\p{N}])\(subject)\\s+(?=\(subjectClass)(?![\\p{L}\\p{N}]))"
    let text =
      caption
      .replacingOccurrences(of: besides, with: "", options: [.regularExpression, .caseInsensitive])
      .replacingOccurrences(
        of: alone, with: NSRegularExpression.escapedTemplate(for: words.subjectClass),
        options: [.regularExpression, .caseInsensitive])
    return text == caption ? nil : text
  }

  private static func pattern(_ text: String) -> String {
    NSRegularExpression.escapedPattern(for: text)
  }

  /// Class prompts that name the subject.
  func problems(_ subject: Subject) -> [DatasetProblem] {
    prompts.filter { subject.isNamed(inClassPrompt: $0) }.map {
      DatasetProblem(
        [],
        "the class prompt \"\($0)\" contains \"\(subject.token)\", the subject's word, so that word keeps its "
          + "old meaning; leave it out")
    }
  }

  /// The options of class images, which have no effect.
  static func unused(_ config: TrainingConfig, _ subject: Subject) -> [DatasetProblem] {
    let defaults = TrainingConfig()
    let schema = TrainingConfig.schema
    let options = [
      (schema.key(of: \.$priorImages), config.priorImages ?? subject.priorImages ?? 0 > 0),
      (schema.key(of: \.$priorFolder), config.priorFolder != nil),
      (schema.key(of: \.$priorBatchSize), config.priorBatchSize != config.batchSize),
      (schema.key(of: \.$priorSteps), config.priorSteps != defaults.priorSteps),
      (schema.key(of: \.$priorGuidance), config.priorGuidance != defaults.priorGuidance),
    ].filter(\.1).map(\.0)
    guard !options.isEmpty else { return [] }
    return [
      DatasetProblem(
        options, "not used, because `preservation` is output, which has no class images")
    ]
  }
}
