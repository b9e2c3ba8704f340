public import Foundation
public import NN
import Torch

extension TextualInversion {
  /// The names of the tensors for the first text encoder, and for the second: those of A1111's web UI,
  /// ComfyUI and sd-scripts, and those of older versions of diffusers' script.
  private static let names = (
    first: ["clip_l", "text_encoders_0"], second: ["clip_g", "text_encoders_1"]
  )

  /// Reads an embedding from a safetensors file.
  ///
  /// The file has vectors for both text encoders (`clip_l` and `clip_g`), or a single tensor, such as
  /// `emb_params` of embeddings for Stable Diffusion 1.5, for the encoder whose width it has. The other
  /// encoder then reads the word as letters. Throws `TextualInversionError`, `WeightsError`.
  public init(contentsOf url: URL, for model: ModelDirectory, word: String) throws {
    let path = url.relativePath
    let file = try SafetensorsFile(contentsOf: url)
    let widths = [model.textEncoder?.hiddenSize, model.textEncoder2.hiddenSize]
    func vectors(_ name: String) throws -> Tensor { try Self.vectors(name, in: file, path: path) }
    func named(_ names: [String]) throws -> Tensor? {
      try names.first { file.shape(of: $0) != nil }.map(vectors)
    }
    var (first, second) = (try named(Self.names.first), try named(Self.names.second))
    if first == nil, second == nil {
      guard file.names.count == 1, let name = file.names.first else {
        throw TextualInversionError.otherContent(file: path, names: file.names)
      }
      let single = try vectors(name)
      if single.shape[1] == widths[0] { first = single } else { second = single }
    }
    let found = zip([first, second], widths).map { ($0?.shape[1], $1) }
    // A refiner has no first encoder, and needs no vectors for it.
    guard found.allSatisfy({ $0 == nil || $1 == nil || $0 == $1 }) else {
      throw TextualInversionError.otherWidth(
        file: path, found: found.compactMap(\.0), wanted: widths.compactMap(\.self))
    }
    if let first, let second, first.shape[0] != second.shape[0] {
      throw TextualInversionError.counts(file: path, [first.shape[0], second.shape[0]])
    }
    self.init(word: word, first: first, second: second)
  }

  /// The names of the vectors in files, of the first text encoder and of the second.
  package static let fileNames = [names.first[0], names.second[0]]

  /// The key in a file's header with its word.
  package static let wordKey = "word"

  /// The word that a file names in its header; nil if it names none. Throws `WeightsError`.
  package static func word(in url: URL) throws -> String? {
    try SafetensorsFile(contentsOf: url).metadata[wordKey]
  }

  /// A tensor of the file as float32 `[n, C]`.
  private static func vectors(
    _ name: String, in file: SafetensorsFile, path: String
  ) throws -> Tensor {
    let stored = try file.tensor(name)
    guard [1, 2].contains(stored.dimensions),
      [.float32, .float64, .float16, .bfloat16].contains(stored.dtype)
    else {
      throw TextualInversionError.shape(file: path, name: name, shape: stored.shape)
    }
    guard stored.count > 0 else { throw TextualInversionError.empty(file: path, name: name) }
    let vectors = try stored.to(.float32).clone().reshape([-1, stored.shape.last ?? 1])
    guard try vectors.isFinite() else {
      throw TextualInversionError.notFinite(file: path, name: name)
    }
    return vectors
  }
}
