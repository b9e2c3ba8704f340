public import Files
public import NN
public import Torch

/// The output of a text encoder for `B` prompts of `N` tokens.
public struct CLIPTextOutput {
  /// The input of the last block, without the final norm: `[B, N, C]`. It conditions SDXL's UNet.
  public let penultimate: Tensor
  /// The output of the last block after the final norm: `[B, N, C]`.
  public let last: Tensor
  /// `last` at the end token, projected if the model has a projection: `[B, C]`.
  public let pooled: Tensor
}

/// A text encoder of CLIP.
public protocol CLIPTextEncoder: Module {
  /// Embeddings, blocks and final norm.
  var textModel: CLIPTextTransformer { get }

  /// Encodes prompts of equal length, which a tokenizer has padded.
  ///
  /// Throws `TextEncoderError` for ids or lengths beyond the model's, and `TorchError`.
  func callAsFunction(_ tokens: [[Int]]) throws -> CLIPTextOutput
}

/// The first text encoder of SDXL, OpenAI's CLIP ViT-L (transformers `CLIPTextModel`; Radford et
/// al. 2021).
public final class CLIPTextModel: CLIPTextEncoder {
  /// The weights under `text_model`.
  public let textModel: CLIPTextTransformer

  /// The model without weights.
  public init(_ configuration: CLIPTextConfiguration) {
    textModel = CLIPTextTransformer(configuration)
  }

  /// Encodes prompts; `pooled` is not projected.
  public func callAsFunction(_ tokens: [[Int]]) throws -> CLIPTextOutput {
    try textModel(tokens)
  }
}

/// The second text encoder of SDXL, OpenCLIP ViT-bigG (transformers
/// `CLIPTextModelWithProjection`).
public final class CLIPTextModelWithProjection: CLIPTextEncoder {
  /// The weights under `text_model`.
  public let textModel: CLIPTextTransformer
  let textProjection: Linear

  /// The model without weights.
  public init(_ configuration: CLIPTextConfiguration) {
    textModel = CLIPTextTransformer(configuration)
    textProjection = Linear(configuration.hiddenSize, configuration.projectionDim, bias: false)
  }

  /// Encodes prompts; `pooled` is projected.
  public func callAsFunction(_ tokens: [[Int]]) throws -> CLIPTextOutput {
    let output = try textModel(tokens)
    return CLIPTextOutput(
      penultimate: output.penultimate, last: output.last, pooled: try textProjection(output.pooled))
  }
}

/// Token ids that a text encoder cannot read.
public enum TextEncoderError: ReportableError, Equatable {
  /// Prompts that are of unequal length, empty or too long.
  case lengths([Int], limit: Int)
  /// An id outside the vocabulary.
  case unknownToken(Int, vocabulary: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .lengths(let lengths, let limit):
      """
      The prompts have \(lengths) tokens, and the text encoder reads prompts of one length from 1 \
      to \(limit); pad and truncate them with the model's own tokenizer.
      """
    case .unknownToken(let id, let vocabulary):
      """
      Token \(id) is outside the text encoder's vocabulary of \(vocabulary); use the tokenizer \
      folder that belongs to this model.
      """
    }
  }
}
