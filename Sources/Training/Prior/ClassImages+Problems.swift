import Datasets
import Foundation
import NN
import Options
import StableDiffusion

extension ClassImages {
  /// Problems to report before training starts.
  func problems(
    _ config: TrainingConfig, of subject: Subject, buckets: AspectBuckets,
    _ tokenizer: CLIPTokenizer
  ) -> [DatasetProblem] {
    switch self {
    case .found(let dataset):
      // Prefix and suffix are for the subject's captions only.
      var config = config
      config.captionPrefix = nil
      config.captionSuffix = nil
      let named = dataset.images.filter { subject.isNamed(inClassPrompt: $0.caption) }
        .map { "\(dataset.subject.name)/\($0.name)" }
      return dataset.problems(config.datasetOptions, buckets: buckets, tokenizer)
        + (named.isEmpty ? [] : [DatasetProblem(named, "the caption \(Self.naming(subject))")])
    case .drawn(_, let prompts):
      let cut = prompts.compactMap { prompt in
        DatasetProblem.truncation(of: "the class prompt", prompt, [], by: tokenizer)
      }
      let markup = PromptMarkup.found(in: prompts)
        .map { DatasetProblem([], $0.problem(in: "the class prompt")) }
      let named = prompts.filter { subject.isNamed(inClassPrompt: $0) }
        .map { DatasetProblem([], "the class prompt \"\($0)\" \(Self.naming(subject))") }
      return cut + markup + named
    }
  }

  private static func naming(_ subject: Subject) -> String {
    "contains \"\(subject.token)\", the subject's word, so class images teach that word to mean "
      + "other things; leave it out"
  }

  /// The options that have no effect, because class images are not drawn or there are none. Nothing
  /// is reported for `prior_images: 0`, which switches them off.
  static func unused(_ config: TrainingConfig, _ images: ClassImages?) -> [DatasetProblem] {
    let defaults = TrainingConfig()
    let classPrompts = TrainingConfig.schema.key(of: \.$classPrompts)
    var options: [String] = []
    func add<Value>(_ path: KeyPath<TrainingConfig, TrainingConfig.Option<Value>>, _ isSet: Bool) {
      if isSet { options.append(TrainingConfig.schema.key(of: path)) }
    }
    let reason: String
    switch images {
    case .drawn: return []
    case .found(let dataset):
      let caption = config.classPrompts.first
      add(\.$classPrompts, caption != nil && !dataset.images.contains { $0.caption == caption })
      reason = "not used, because class images are read from prior_folder"
    case nil:
      guard config.priorImages == nil else { return [] }
      add(\.$priorFolder, config.priorFolder != nil)
      add(\.$classPrompts, !config.classPrompts.isEmpty)
      add(\.$priorWeight, config.priorWeight != defaults.priorWeight)
      add(\.$priorBatchSize, config.priorBatchSize != config.batchSize)
      reason = "not used without class images; set prior_images to use some"
    }
    add(\.$priorSteps, config.priorSteps != defaults.priorSteps)
    add(\.$priorGuidance, config.priorGuidance != defaults.priorGuidance)
    var problems = options.isEmpty ? [] : [DatasetProblem(options, reason)]
    if case .found = images, config.classPrompts.count > 1, !options.contains(classPrompts) {
      problems.append(
        DatasetProblem(
          [classPrompts],
          "only \"\(config.classPrompts[0])\" is used, for images without a caption"))
    }
    return problems
  }
}

extension Subject {
  /// Whether a class prompt names the subject. Without a trigger, a name that is also the class or
  /// follows an article is the class: `a photo of a dog` for the subject `dog`.
  func isNamed(inClassPrompt prompt: String) -> Bool {
    let (words, word) = (Dataset.words(of: prompt), Dataset.words(of: token))
    guard words.contains(word) else { return false }
    if trigger != nil { return true }
    return classWord.map { !Dataset.words(of: $0).contains(word) } != false
      && !["a", "an", "one", "the"].contains { words.contains(" \($0)\(word)") }
  }
}
