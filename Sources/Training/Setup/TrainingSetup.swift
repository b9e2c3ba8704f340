public import Datasets
import Drawing
import Files
public import Foundation
import NN
import Options
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

  /// Settles what the configuration leaves to the machine and the model, checks the dataset, and only
  /// then takes the hashes of the model's files, which may take minutes.
  ///
  /// - Parameter report: called with each of ``problems`` before the model's files are read.
  /// - Throws: `TrainingError` for a device that is not there, `ConfigError` for a resolution that
  ///   the model cannot have, `PriorError` and `ValidationError` for pictures that are not there,
  ///   `DatasetError` and `ImageError` for those that cannot be read, `SchedulerError` for a sampler
  ///   that is not known, `ModelError` for a tokenizer that cannot be read, `FileAccessError`.
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
    asksForThreads = config.threads != nil
    config.threads = config.threads ?? Backend.threads
    let resolution = config.resolution ?? (model.unet.sampleSize ?? 128) * model.vae.scale
    guard resolution.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$resolution), origin: .builtIn, found: "\(resolution)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    guard !config.buckets || config.bucketStep.isMultiple(of: model.vae.scale) else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$bucketStep), origin: .builtIn,
        found: "\(config.bucketStep)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    self.resolution = resolution
    config.resolution = resolution
    buckets = AspectBuckets(config.datasetOptions, resolution: resolution)
    if config.samplePrompts.isEmpty { config.samplePrompts = [dataset.subject.defaultCaption] }
    classImages = try ClassImages(config, dataset: dataset)
    let options = config.datasetOptions
    let unused =
      ClassImages.unused(config, classImages) + HeldOut.unused(options, beside: dataset)
      + HeldOut.notChosen(options, beside: dataset)
    config.priorImages = classImages?.count ?? 0
    if case .drawn(_, let prompts) = classImages { config.classPrompts = prompts }
    let (trained, chosen) = try HeldOut.split(dataset, options)
    heldOut = try chosen ?? HeldOut.dataset(options, beside: dataset)
    config.validationImages = chosen?.images.count ?? 0
    if config.sampleEvery > 0 { _ = try model.scheduler.scheduler(steps: config.sampleSteps) }
    if config.drawsClassImages { _ = try model.scheduler.scheduler(steps: config.priorSteps) }
    self.config = config
    self.dataset = trained
    self.model = model
    self.caches = caches
    let tokenizer = try model.loadTokenizer()
    var identity = try RunIdentity(
      dataset: trained, classImages: classImages, heldOut: heldOut, masks: config.masks)
    problems =
      trained.problems(config.datasetOptions, buckets: buckets, tokenizer)
      + trained.orderProblems(config.datasetOptions, buckets: buckets)
      + (classImages?.problems(config, buckets: buckets, tokenizer) ?? [])
      + (heldOut?.problems(config.datasetOptions, buckets: buckets, tokenizer) ?? [])
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
    problems.forEach(report)
    try identity.add(model, hashes: FileHashes(in: caches))
    self.identity = identity
  }
}

extension DeviceChoice {
  /// The choice by number, where `auto` has found a GPU.
  fileprivate var resolved: DeviceChoice { self == .auto ? .cuda(0) : self }
}

extension DatasetProblem {
  /// Pictures in a folder of that name that the subject's own are too, by their content.
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
