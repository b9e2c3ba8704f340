public import Options

/// The options that decide how training reads a dataset and what each sample shows.
public struct DatasetOptions: Sendable, Equatable {
  /// Name of the subject.
  public var subject: String
  /// Optimizer steps.
  public var steps: Int
  /// Images in one forward pass.
  public var batchSize: Int
  /// Forward passes in one optimizer step.
  public var gradientAccumulation: Int
  /// Seed of every random draw.
  public var seed: UInt64

  /// Whether images keep about their aspect ratio; else all become squares.
  public var buckets: Bool
  /// The sides of buckets are multiples of this many pixels; nil: as fits the resolution.
  public var bucketStep: Int?
  /// Whether images that are too small are enlarged.
  public var upscale: Bool
  /// Which part of an image its crop shows.
  public var crop: CropChoice
  /// Whether half of the samples are mirrored.
  public var flip: Bool

  /// Text before every caption.
  public var captionPrefix: String?
  /// Text after every caption.
  public var captionSuffix: String?
  /// Whether images without a caption have an empty one.
  public var emptyCaptions: Bool
  /// Whether each sample draws one of the lines of a caption file; else the first is used.
  public var captionAlternatives: Bool
  /// Whether the parts of a caption between commas are shuffled for each sample.
  public var captionShuffle: Bool
  /// How many parts at the beginning are not shuffled.
  public var keepTokens: Int
  /// Text between the parts of a caption that are not shuffled and the others; nil: none.
  public var keepTokensSeparator: String?
  /// Share of the samples with an empty caption.
  public var captionDropout: Double
  /// The most tokens of a caption that are read.
  public var maxCaptionTokens: Int
  /// Whether masks weight the loss.
  public var masks: Bool
  /// Weight of the loss where a mask is black, from 0 to 1.
  public var maskFloor: Double

  /// Folder with validation images; nil: the folder in the dataset, if it exists.
  public var validationDataset: String?
  /// How many of the dataset's own images are used for validation; nil: 1 of 8 or more.
  public var validationImages: Int?
  /// Optimizer steps between validations; 0: none.
  public var validateEvery: Int

  /// All options in the order of their declaration.
  public init(
    subject: String, steps: Int, batchSize: Int, gradientAccumulation: Int, seed: UInt64,
    buckets: Bool, bucketStep: Int?, upscale: Bool, crop: CropChoice, flip: Bool,
    captionPrefix: String?, captionSuffix: String?, emptyCaptions: Bool,
    captionAlternatives: Bool, captionShuffle: Bool, keepTokens: Int, keepTokensSeparator: String?,
    captionDropout: Double,
    maxCaptionTokens: Int,
    masks: Bool, maskFloor: Double, validationDataset: String?, validationImages: Int?,
    validateEvery: Int
  ) {
    self.subject = subject
    self.steps = steps
    self.batchSize = batchSize
    self.gradientAccumulation = gradientAccumulation
    self.seed = seed
    self.buckets = buckets
    self.bucketStep = bucketStep
    self.upscale = upscale
    self.crop = crop
    self.flip = flip
    self.captionPrefix = captionPrefix
    self.captionSuffix = captionSuffix
    self.emptyCaptions = emptyCaptions
    self.captionAlternatives = captionAlternatives
    self.captionShuffle = captionShuffle
    self.keepTokens = keepTokens
    self.keepTokensSeparator = keepTokensSeparator
    self.captionDropout = captionDropout
    self.maxCaptionTokens = maxCaptionTokens
    self.masks = masks
    self.maskFloor = maskFloor
    self.validationDataset = validationDataset
    self.validationImages = validationImages
    self.validateEvery = validateEvery
  }
}

/// Which part of an image training sees.
public enum CropChoice: String, ConfigChoice, CaseIterable {
  /// The part at the center, or around the focus point.
  case center
  /// A random part in every epoch.
  case random
}
