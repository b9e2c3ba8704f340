import Datasets
import NN
import Options

extension TrainingConfig {
  /// The options that are set and change nothing, besides those of captions and class images.
  ///
  /// - Parameters:
  ///   - dataset: The training images.
  ///   - isOnGPU: Whether the training runs on a GPU.
  func withoutEffect(_ dataset: Dataset, isOnGPU: Bool) -> [DatasetProblem] {
    let defaults = Self()
    var notes: [DatasetProblem] = []
    func note(_ keys: [(String, isSet: Bool)], _ reason: String) {
      for (key, isSet) in keys where isSet {
        notes.append(.withoutEffect(key, reason))
      }
    }
    func key<Value>(_ path: KeyPath<Self, Option<Value>>) -> String { Self.schema.key(of: path) }

    if !masks || !dataset.images.contains(where: { $0.mask != nil }) {
      note(
        [(key(\.$maskFloor), maskFloor != defaults.maskFloor)],
        masks ? "no image has a mask" : "`masks` is off")
    }
    if !buckets {
      note([(key(\.$bucketStep), bucketStep != defaults.bucketStep)], "`buckets` is off")
    }
    if checkpointEvery == 0 {
      note(
        [(key(\.$keepLast), keepLast != nil), (key(\.$keepEvery), keepEvery != nil)],
        "`checkpoint_every` is 0 and only the final checkpoint is saved")
    } else if let keepEvery, !keepEvery.isMultiple(of: checkpointEvery) {
      notes.append(
        DatasetProblem(
          [],
          "`keep_every` is \(keepEvery), no multiple of the \(checkpointEvery) of `checkpoint_every`, so "
            + "it keeps only checkpoints at multiples of both"))
    }
    if optimization.ema == nil || !optimization.emaWarmup {
      note(
        [
          (key(\.optimization.$emaWarmup), optimization.emaWarmup),
          (
            key(\.optimization.$emaInvGamma),
            optimization.emaInvGamma != defaults.optimization.emaInvGamma
          ),
          (key(\.optimization.$emaPower), optimization.emaPower != defaults.optimization.emaPower),
        ], optimization.ema == nil ? "`ema` is not set" : "`ema_warmup` is off")
    }
    if text.trainTextEncoders == nil {
      note(
        [
          (
            key(\.text.$textEncoderTargets),
            text.textEncoderTargets != defaults.text.textEncoderTargets
          ),
          (key(\.text.$textEncoderLearningRate), text.textEncoderLearningRate != nil),
          (
            key(\.text.$textEncoderStopAt),
            text.textEncoderStopAt != nil && text.embeddingTokens == nil
          ),
        ], "`train_text_encoders` is not set")
    }
    if text.textEncoderStopAt != nil, textEncoderStop >= steps, !text.trainedParts.isEmpty {
      note(
        [(key(\.text.$textEncoderStopAt), true)], "the run ends at step \(steps)")
    }
    if text.embeddingTokens == nil {
      note(
        [
          (key(\.text.$embeddingInit), text.embeddingInit != nil),
          (key(\.text.$embeddingLearningRate), text.embeddingLearningRate != nil),
        ], "`embedding_tokens` is not set")
    }
    if sampleEvery == 0 {
      note(
        [
          (key(\.$samplePrompts), ![[], [dataset.subject.defaultCaption]].contains(samplePrompts)),
          (key(\.$sampleSteps), sampleSteps != defaults.sampleSteps),
          (key(\.$sampleGuidance), sampleGuidance != defaults.sampleGuidance),
          (key(\.$sampleSeeds), sampleSeeds != defaults.sampleSeeds),
        ], "`sample_every` is 0")
    }
    if !isOnGPU {
      note([(key(\.$deterministic), deterministic)], "training on a CPU is always deterministic")
      note([(key(\.$cudaGraphs), !cudaGraphs)], "only a GPU has CUDA graphs")
    }
    notes += optimization.withoutEffect + adapterWithoutEffect
    if optimization.learningRate == 0 {
      notes.append(DatasetProblem([], "`learning_rate` is 0, so nothing is learnt"))
    }
    return notes + objectiveWithoutEffect
  }
}
