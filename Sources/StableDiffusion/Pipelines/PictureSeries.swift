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
  /// One for each picture.
  public var seeds: [UInt64]

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
