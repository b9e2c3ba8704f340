import Datasets
import Foundation
import NN
import Options
import StableDiffusion

extension ClassImages {
  /// Problems to report before training starts.
  func problems(
    _ config: TrainingConfig, buckets: AspectBuckets, _ tokenizer: CLIPTokenizer
  ) -> [DatasetProblem] {
    switch self {
    case .found(let dataset):
      // Prefix and suffix are for the subject's captions only.
      var config = config
      config.captionPrefix = nil
      config.captionSuffix = nil
      return dataset.problems(config.datasetOptions, buckets: buckets, tokenizer)
    case .drawn(_, let prompts):
      return prompts.compactMap { prompt in
        DatasetProblem.truncation(of: "the class prompt", prompt, [], by: tokenizer)
      }
    }
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
