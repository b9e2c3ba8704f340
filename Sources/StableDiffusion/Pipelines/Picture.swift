/// An RGB picture.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top: `[height, width, 3]`.
  public let pixels: [UInt8]

  /// A picture of `width * height * 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

/// One picture to draw.
public struct PictureRequest {
  /// What to draw, for one prompt: `[1, 77, C]` and `[1, P]`.
  public var prompt: PromptEmbedding
  /// What guidance leads away from; used where `guidance` is above 1.
  public var negative: PromptEmbedding
  /// Pixels in a row, a multiple of what one latent pixel covers.
  public var width: Int
  /// Rows, a multiple of what one latent pixel covers.
  public var height: Int
  /// Sampling steps.
  public var steps: Int
  /// How far each prediction is led from the negative prompt to the prompt; 1 and less draw the
  /// prompt alone, at half the cost (Ho & Salimans 2022).
  public var guidance: Double
  /// Decides the initial noise, as `torch.Generator("cpu").manual_seed(seed)` draws it.
  public var seed: UInt64
  /// The original size, crop and target size that the UNet is told; a picture of the requested size
  /// and not cropped, unless set.
  public var sizes: SizeConditioning

  /// A picture of its own size that was not cropped.
  public init(
    prompt: PromptEmbedding, negative: PromptEmbedding, width: Int, height: Int, steps: Int,
    guidance: Double, seed: UInt64
  ) {
    self.prompt = prompt
    self.negative = negative
    self.width = width
    self.height = height
    self.steps = steps
    self.guidance = guidance
    self.seed = seed
    sizes = SizeConditioning(width: width, height: height)
  }
}

/// What SDXL is told of a picture's history, in pixels (`add_time_ids`; Podell et al. 2023,
/// section 2.2).
public struct SizeConditioning: Sendable, Equatable {
  /// Height before any resizing.
  public var originalHeight: Int
  /// Width before any resizing.
  public var originalWidth: Int
  /// Rows cut off above.
  public var cropTop: Int
  /// Columns cut off on the left.
  public var cropLeft: Int
  /// Height of what the UNet sees.
  public var targetHeight: Int
  /// Width of what the UNet sees.
  public var targetWidth: Int

  /// A picture that has this size and was not cropped.
  public init(width: Int, height: Int) {
    originalHeight = height
    originalWidth = width
    cropTop = 0
    cropLeft = 0
    targetHeight = height
    targetWidth = width
  }

  /// The six numbers in the order that the UNet reads them.
  public var timeIds: [Float] {
    [originalHeight, originalWidth, cropTop, cropLeft, targetHeight, targetWidth].map { Float($0) }
  }
}
