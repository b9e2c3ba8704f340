public import Datasets
import Drawing
import Files
public import Foundation
import NN
import Options
public import Ranks
public import StableDiffusion
public import Torch

/// The resolved and checked inputs of a training, before any weights are loaded.
public struct TrainingSetup {
  /// The resolved configuration: resolution, precision, device and threads are set.
  public internal(set) var config: TrainingConfig
  /// The training images and captions.
  public let dataset: Dataset
  /// The class images of prior preservation; nil without.
  public let classImages: ClassImages?
  /// The texts for which the base model's prediction is kept; nil without.
  let classTexts: ClassTexts?
  /// The validation images; nil without.
  public let validation: Dataset?
  /// The base model.
  public let model: ModelDirectory
  /// The base model's noise schedule and sampler, with what the options change.
  public let scheduler: SchedulerConfiguration
  /// The device to train on.
  public let device: Device
  /// The number format of the base model.
  public let dtype: DType
  /// Resolution in pixels: the side of a square with about the area of each image.
  public let resolution: Int
  /// The sizes of training images.
  public internal(set) var buckets: AspectBuckets
  /// The cache folder.
  public let caches: URL
  /// Hashes of the images, captions and base model.
  public let identity: RunIdentity
  /// The adapter to start from; nil: new adapters.
  package let initialAdapter: InitialAdapter?
  /// Problems of the data, to report before training starts.
  public let problems: [DatasetProblem]

  /// What the training may do to need less memory.
  public let memory: MemoryLadder
  /// The keys of differences that are allowed on a resume.
  public var allowedChanges: Set<String> = []

  /// The ranks that train together; nil for a process on its own.
  public internal(set) var ranks: RankGroup?
  /// Whether a resumed run keeps its number of steps, because the user has given none.
  package var keepsSteps = false

  /// Whether forward and backward passes are recorded and repeated.
  var recordsPasses: Bool

  /// Whether the configuration sets the number of threads, which otherwise libtorch decides.
  let setsThreads: Bool
  /// Whether the configuration sets an option of the rung, which otherwise the memory decides.
  package let setsRung: Bool
  /// Whether the configuration sets the step of buckets, which otherwise the resolution decides.
  let setsBucketStep: Bool

  /// Resolves the options that depend on the machine and the model, checks the dataset, and then
  /// hashes the model's files, which may take minutes.
  ///
  /// - Parameter report: Called with each of ``problems`` before the model's files are hashed.
  /// - Throws: `DeviceError` for a missing device, `ConfigError` for a resolution that does not fit
  ///   the model, `PriorError` and `ValidationError` for missing images, `DatasetError` and
  ///   `ImageError` for unreadable ones, `SchedulerError` for an unknown sampler, `ModelError` for
  ///   an unreadable tokenizer, `FileAccessError`.
  public init(
    config: TrainingConfig, dataset: Dataset, model: ModelDirectory, caches: URL,
    report: (DatasetProblem) -> Void = { _ in }
  ) throws {
    var config = config
    device = try config.device.resolve()
    config.device = device.isCUDA ? config.device.resolved : .cpu
    let precision = config.precision ?? .standard(on: device)
    config.precision = precision
    dtype = precision.dtype
    recordsPasses = config.cudaGraphs && device.isCUDA
    setsThreads = config.threads != nil
    config.threads = config.threads ?? Backend.threads
    setsBucketStep = config.bucketStep != nil
    let resolution = config.resolution ?? model.resolution
    guard resolution.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$resolution), origin: .builtIn, found: "\(resolution)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    let step = config.bucketStep ?? model.vae.scale
    guard !config.buckets || step.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$bucketStep), origin: .builtIn,
        found: "\(step)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    self.resolution = resolution
    config.resolution = resolution
    buckets = AspectBuckets(config.datasetOptions, resolution: resolution)
    if config.samplePrompts.isEmpty { config.samplePrompts = [dataset.subject.defaultCaption] }
    scheduler = try config.resolvedScheduler(of: model)
    classTexts = config.preservesOutput ? try ClassTexts(config, dataset: dataset) : nil
    classImages = classTexts == nil ? try ClassImages(config, dataset: dataset) : nil
    let options = config.datasetOptions
    let unused =
      (classTexts == nil
        ? ClassImages.unused(config, classImages) : ClassTexts.unused(config, dataset.subject))
      + ValidationImages.unused(options, beside: dataset)
      + ValidationImages.notChosen(options, beside: dataset)
    config.priorImages = classImages?.count ?? 0
    if case .drawn(_, let prompts) = classImages { config.classPrompts = prompts }
    if let classTexts { config.classPrompts = classTexts.prompts }
    let (trained, chosen) = try ValidationImages.split(dataset, options)
    validation = try chosen ?? ValidationImages.dataset(options, beside: dataset)
    config.validationImages = chosen?.images.count ?? 0
    let length = try config.resolveLength(trained.stepsPerEpoch(options, buckets: buckets))
    initialAdapter = try config.initLora.map {
      try InitialAdapter(
        $0, for: model, parts: (config.text.trainUnet ? [.unet] : []) + config.text.adaptedParts)
    }
    let replaced = initialAdapter.map(config.replaced) ?? []
    if let initialAdapter { config.take(initialAdapter) }
    memory = try MemoryLadder(
      config, knownLayers: initialAdapter?.textLayers.mapValues { $0.keys.map(\.path) },
      model: model, device: device, dtype: dtype,
      images: trained.images.reduce(0) { $0 + $1.repeats })
    setsRung =
      config.gradientCheckpointing != nil || config.checkpointingExtent != nil
      || config.frozenWeights != nil
      || config.offloadedShare != nil
    config.set(memory.steps[memory.start].rung)
    if config.sampleEvery > 0 { _ = try scheduler.scheduler(steps: config.sampleSteps) }
    if config.drawsClassImages { _ = try scheduler.scheduler(steps: config.priorSteps) }
    self.config = config
    self.dataset = trained
    self.model = model
    self.caches = caches
    let tokenizer = try model.loadTokenizer()
    var wordProblems: [DatasetProblem] = []
    if config.text.embeddingTokens != nil {
      let tokenizer = try model.loadPromptTokenizer()
      try tokenizer.check(dataset.subject.token)
      wordProblems = config.text.initialWordProblems(tokenizer)
    }
    var identity = try RunIdentity(
      dataset: trained, classImages: classImages, validation: validation, masks: config.masks)
    identity.initialAdapter = initialAdapter?.sha256
    identity.classWords = classTexts?.words
    problems =
      trained.problems(config.datasetOptions, buckets: buckets, tokenizer)
      + (try trained.maskProblems(config.datasetOptions, buckets: buckets))
      + trained.orderProblems(config.datasetOptions, buckets: buckets)
      + (classImages?.problems(config, of: dataset.subject, buckets: buckets, tokenizer) ?? [])
      + (classTexts?.problems(dataset.subject) ?? [])
      + (validation?.problems(config.datasetOptions, buckets: buckets, tokenizer) ?? [])
      + DatasetProblem.trainedOn(
        identity.classImages, in: classImages?.folderName, identity.images,
        "the same image is trained on as the subject, but class images must show other things")
      + DatasetProblem.trainedOn(
        identity.validation, in: validation?.directory.lastPathComponent, identity.images,
        ValidationImages.trainedOn)
      + DatasetProblem.trainedOn(
        identity.classImages, in: classImages?.folderName, identity.validation ?? [],
        "the same image is a validation image, so its loss does not show over-fitting")
      + SamplePrompts.problems(config, tokenizer)
      + wordProblems + length + unused + replaced
      + config.withoutEffect(dataset, isOnGPU: device.isCUDA)
    DatasetProblem.shortened(problems, of: config.subject).forEach(report)
    try identity.add(model, hashes: FileHashes(in: caches))
    self.identity = identity
  }
}

extension DeviceChoice {
  /// The GPU by number; `auto` becomes the first.
  fileprivate var resolved: DeviceChoice { self == .auto ? .cuda(0) : self }
}

extension DatasetProblem {
  /// The images of `folder` that have the same content as an image of `subject`, as one problem.
  static func trainedOn(
    _ images: [RunIdentity.Image]?, in folder: String?, _ subject: [RunIdentity.Image],
    _ text: String
  ) -> [DatasetProblem] {
    let trained = Set(subject.map(\.sha256))
    let both = (images ?? []).filter { trained.contains($0.sha256) }.map(\.file)
    guard let folder, !both.isEmpty else { return [] }
    return [DatasetProblem(both, text).below(folder)]
  }
}
