public import Torch

/// What was done otherwise than asked: to be told to whoever asked.
public enum DrawingNote: Sendable, Equatable, CustomStringConvertible {
  /// A prompt was longer than what the text encoders read.
  case promptCut(negative: Bool, tokens: Int, limit: Int, text: String)
  /// The VAE overflowed in its own type.
  case decodedInFloat32(insteadOf: DType)
  /// The VAE worked on squares of the picture.
  case tiled(width: Int, height: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .promptCut(let negative, let tokens, let limit, let text):
      let start = text.count > 60 ? "\(text.prefix(60))..." : text
      return """
        The \(negative ? "negative prompt" : "prompt") has \(tokens) tokens and only the first \
        \(limit) are read; \(tokens - limit) were cut, from "\(start)" on.
        """
    case .decodedInFloat32(let dtype):
      return "The VAE overflowed in \(dtype.rawValue); the picture was decoded again in float32."
    case .tiled(let width, let height):
      return """
        The picture of \(width)x\(height) is decoded in overlapping squares, to save memory.
        """
    }
  }
}

/// How far a drawing is.
public struct DrawingStep: Sendable, Equatable {
  /// The picture's seed.
  public let seed: UInt64
  /// Whether it is the refiner's step.
  public let isRefining: Bool
  /// The model's steps for this picture that are done.
  public let step: Int
  /// The model's steps for this picture in all.
  public let steps: Int
  /// The steps done of all pictures by all models.
  public let done: Int
  /// The steps of all pictures by all models in all.
  public let total: Int
}
