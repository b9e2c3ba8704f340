/// Pictures to draw that differ in their seeds.
public struct PictureSeries: Sendable {
  /// What to draw.
  public var prompt: String
  /// What guidance leads away from; nil: what the model was trained to see for no prompt.
  public var negative: String?
  /// Pixels in a row, a multiple of what one latent pixel covers.
  public var width: Int
  /// Rows, a multiple of what one latent pixel covers.
  public var height: Int
  /// Sampling steps.
  public var steps: Int
  /// As in `PictureRequest`.
  public var guidance: Double
  /// As in `PictureRequest`.
  public var guidanceRescale = 0.0
  /// One for each picture.
  public var seeds: [UInt64]
  /// What the UNet is told of the picture's history; nil: that it has its size and was not cropped.
  public var sizes: SizeConditioning?
  /// The same for the negative prompt; nil: as for the prompt, but that a refiner is told of no crop
  /// then, as diffusers' is.
  public var negativeSizes: SizeConditioning?
  /// How the prompts are read.
  public var reading = PromptReading()
  /// What to draw over; nil: nothing.
  public var image: StartImage?
  /// How the refiner takes part, where there is one.
  public var refinement = Refinement.ensemble(split: 0.8)
  /// As in `PictureRequest`.
  public var aestheticScore = 6.0
  /// As in `PictureRequest`.
  public var negativeAestheticScore = 2.5
  /// Whether the VAE works in squares.
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

/// A picture to draw over (Meng et al. 2022; diffusers `StableDiffusionXLImg2ImgPipeline`).
public struct StartImage: Sendable, Equatable {
  /// A picture of the size that is drawn.
  public var picture: Picture
  /// How much is drawn anew: the share of the steps, from 0 (nothing) to 1.
  public var strength: Double

  /// A picture, and how much of it is drawn anew.
  public init(_ picture: Picture, strength: Double) {
    self.picture = picture
    self.strength = strength
  }
}

/// How a refiner takes part (Podell et al. 2023, section 2.5).
public enum Refinement: Sendable, Equatable {
  /// The base draws until this share of the noise levels is done, and the refiner goes on from there:
  /// an ensemble of experts (Balaji et al. 2022).
  case ensemble(split: Double)
  /// The base draws the whole picture, and the refiner draws over it with this strength.
  case over(strength: Double)
}
