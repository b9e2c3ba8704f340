public import Torch

/// A deviation from the request, to be shown to the user.
public enum DrawingNote: Sendable, Equatable, CustomStringConvertible {
  /// A prompt was longer than the text encoders can read.
  case promptCut(negative: Bool, tokens: Int, limit: Int, text: String)
  /// The VAE overflowed in its type, and the picture was decoded again.
  case decodedInFloat32(insteadOf: DType)
  /// The VAE decoded the picture in overlapping squares.
  case tiled(width: Int, height: Int)
  /// An adapter file that changes nothing.
  case zeroAdapter(file: String)
  /// A prompt without the word that an adapter file names as its trigger.
  case missingTrigger(String, file: String)

  /// Prompts without the word of an embedding.
  case unusedEmbedding(String, file: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .promptCut(let negative, let tokens, let limit, let text):
      let start = text.count > 60 ? "\(text.prefix(60))..." : text
      return """
        The \(negative ? "negative prompt" : "prompt") has \(tokens) tokens, and only the first \
        \(limit) are read; the last \(tokens - limit) are cut, from "\(start)" on.
        """
    case .decodedInFloat32(let dtype):
      return "The VAE overflowed in \(dtype.rawValue); the picture was decoded again in float32."
    case .tiled(let width, let height):
      return """
        The picture of \(width)x\(height) is decoded in overlapping squares, to save memory.
        """
    case .zeroAdapter(let file):
      return "\(file) changes nothing, since its matrices or their alpha are zero in every layer."
    case .missingTrigger(let trigger, let file):
      return "The prompt does not contain \"\(trigger)\", the trigger of \(file)."
    case .unusedEmbedding(let word, let file):
      return "No prompt contains \"\(word)\", so the embedding \(file) changes nothing."
    }
  }
}

/// The progress of a drawing.
public struct DrawingStep: Sendable, Equatable {
  /// The picture's seed.
  public let seed: UInt64
  /// Whether the refiner took the step.
  public let isRefining: Bool
  /// The model's finished steps for this picture.
  public let step: Int
  /// All of the model's steps for this picture.
  public let steps: Int
  /// The finished steps of all pictures and models.
  public let done: Int
  /// All steps of all pictures and models.
  public let total: Int
}
