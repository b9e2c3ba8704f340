/// A request for pictures that differ in their seeds only.
public struct PictureSeries: Sendable {
  /// The prompt.
  public var prompt: String
  /// The negative prompt; nil for the embedding that the model was trained with for no prompt.
  public var negative: String?
  /// Pixels in a row, a multiple of the pixels for each latent pixel.
  public var width: Int
  /// Rows, a multiple of the pixels for each latent pixel.
  public var height: Int
  /// Sampling steps.
  public var steps: Int
  /// As in `PictureRequest`.
  public var guidance: Double
  /// As in `PictureRequest`.
  public var guidanceRescale = 0.0
  /// One for each picture.
  public var seeds: [UInt64]
  /// The size conditioning; nil for a picture of this size that was not cropped.
  public var sizes: SizeConditioning?
  /// The size conditioning of the negative prompt; nil for that of the prompt, but without a crop
  /// for a refiner, as in diffusers.
  public var negativeSizes: SizeConditioning?
  /// How the prompts are tokenized.
  public var reading = PromptReading()
  /// The start image; nil to draw from noise.
  public var image: StartImage?
  /// How the refiner takes part, if there is one.
  public var refinement = Refinement.ensemble(split: 0.8)
  /// As in `PictureRequest`.
  public var aestheticScore = 6.0
  /// As in `PictureRequest`.
  public var negativeAestheticScore = 2.5
  /// Whether the VAE codes in squares.
  public var tiling = VAETiling.automatic

  /// A picture of this prompt for each of the seeds.
  public init(
    prompt: String, negative: String?, width: Int, height: Int, steps: Int, guidance: Double,
    seeds: [UInt64]
  ) {
    self.prompt = prompt
    self.negative = negative
    self.width = width
    self.height = height
    self.steps = steps
    self.guidance = guidance
    self.seeds = seeds
  }
}

/// An image to start from (Meng et al. 2022; diffusers `StableDiffusionXLImg2ImgPipeline`).
public struct StartImage: Sendable, Equatable {
  /// An image of the picture's size.
  public var image: Picture
  /// The image strength: the share of the steps that is taken, from 0 (the image stays) to 1.
  public var strength: Double

  /// An image and its strength.
  public init(_ image: Picture, strength: Double) {
    self.image = image
    self.strength = strength
  }
}

/// How a refiner takes part (Podell et al. 2023, section 2.5).
public enum Refinement: Sendable, Equatable {
  /// The base takes this share of the noise levels, and the refiner the rest: an ensemble of
  /// experts (Balaji et al. 2022).
  case ensemble(split: Double)
  /// The base draws the whole picture, and the refiner starts from it with this image strength.
  case over(strength: Double)
}
