public import Foundation
public import StableDiffusion
public import Torch

/// Everything that a training is made of, read and checked, before any weights are loaded.
public struct TrainingSetup {
  /// The configuration with nothing left open: resolution, precision, device and threads are set.
  public internal(set) var config: TrainingConfig
  /// The images and captions.
  public let dataset: Dataset
  /// The class images of prior preservation, if any.
  public let classImages: ClassImages?
  /// The pictures that are kept from training, if any.
  public let heldOut: Dataset?
  /// The base model.
  public let model: ModelDirectory
  /// The device to train on.
  public let device: Device
  /// The type that the base computes in.
  public let dtype: DType
  /// The side of the square whose area training sees, in pixels.
  public let resolution: Int
  /// The rectangles that pictures are trained in.
  public let buckets: AspectBuckets
  /// The folder of all caches.
  public let caches: URL
  /// What the run trains on, by content.
  public let identity: RunIdentity
  /// What the user should know of the data before training starts.
  public let problems: [DatasetProblem]

  /// Differences from the run so far that are let pass, by their keys.
  public var allowedChanges: Set<String> = []

  /// Whether the number of threads was asked for, and is not just what libtorch decides here.
  let asksForThreads: Bool

  /// Settles what the configuration leaves to the machine and the model, and takes the hashes of
  /// dataset and model.
  ///
  /// - Throws: `TrainingError` for a device that is not there, `ConfigError` for a resolution that
  ///   the model cannot have, `PriorError` and `ValidationError` for pictures that are not there,
  ///   `DatasetError` and `ImageError` for those that cannot be read, `SchedulerError` for a sampler
  ///   that is not known, `ModelError` for a tokenizer that cannot be read, `FileAccessError`.
  public init(
    config: TrainingConfig, dataset: Dataset, model: ModelDirectory, caches: URL
  ) throws {
    var config = config
    device = try config.device.resolve()
    config.device = device.isCUDA ? config.device.resolved : .cpu
    let precision = config.precision ?? .standard(on: device)
    config.precision = precision
    dtype = precision.dtype
    asksForThreads = config.threads != nil
    config.threads = config.threads ?? Backend.threads
    let resolution = config.resolution ?? (model.unet.sampleSize ?? 128) * model.vae.scale
    guard resolution.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.Key.resolution.rawValue, origin: .builtIn, found: "\(resolution)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    guard !config.buckets || config.bucketStep.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.Key.bucketStep.rawValue, origin: .builtIn,
        found: "\(config.bucketStep)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    self.resolution = resolution
    config.resolution = resolution
    buckets = AspectBuckets(config, resolution: resolution)
    if config.samplePrompts.isEmpty { config.samplePrompts = [dataset.subject.defaultCaption] }
    classImages = try ClassImages(config, dataset: dataset)
    let unused =
      ClassImages.unused(config, classImages) + HeldOut.unused(config, beside: dataset)
      + HeldOut.notChosen(config, beside: dataset)
    config.priorImages = classImages?.count ?? 0
    if case .drawn(_, let prompts) = classImages { config.classPrompts = prompts }
    let (trained, chosen) = try HeldOut.split(dataset, config)
    heldOut = try chosen ?? HeldOut.dataset(config, beside: dataset)
    config.holdOut = chosen?.images.count ?? 0
    if config.sampleEvery > 0 { _ = try model.scheduler.scheduler(steps: config.sampleSteps) }
    if config.drawsClassImages { _ = try model.scheduler.scheduler(steps: config.priorSteps) }
    self.config = config
    self.dataset = trained
    self.model = model
    self.caches = caches
    let tokenizer = try model.loadTokenizer()
    identity = try RunIdentity(
      dataset: trained, classImages: classImages, heldOut: heldOut, masks: config.masks,
      model: model, hashes: FileHashes(in: caches))
    problems =
      trained.problems(config, buckets: buckets, tokenizer)
      + trained.orderProblems(config, buckets: buckets)
      + (classImages?.problems(config, buckets: buckets, tokenizer) ?? [])
      + (heldOut?.problems(config, buckets: buckets, tokenizer) ?? [])
      + DatasetProblem.trainedOn(
        identity.classImages, in: classImages?.folderName, identity.images,
        "the same picture is trained on as the subject, and class images show others of its kind")
      + DatasetProblem.trainedOn(
        identity.heldOut, in: heldOut?.directory.lastPathComponent, identity.images,
        "the same picture is trained on, so its loss does not tell of over-fitting")
      + DatasetProblem.trainedOn(
        identity.classImages, in: classImages?.folderName, identity.heldOut ?? [],
        "the same picture is held out, and trained on here as a class image, so its loss does not "
          + "tell of over-fitting")
      + unused
  }
}

extension AspectBuckets {
  /// The rectangles that a configuration asks for at a resolution.
  public init(_ config: TrainingConfig, resolution: Int) {
    self =
      config.buckets
      ? AspectBuckets(resolution: resolution, step: config.bucketStep)
      : AspectBuckets(square: resolution)
  }
}

extension DeviceChoice {
  /// The choice by number, where `auto` has found a GPU.
  fileprivate var resolved: DeviceChoice { self == .auto ? .cuda(0) : self }
}
