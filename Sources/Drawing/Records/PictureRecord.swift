package import Files
package import Foundation
import Images
import NN

/// Everything that a picture was drawn with, as one JSON object in its PNG file, so that it can be drawn
/// again. Models, adapters and start images are identified by their content.
package struct PictureRecord: Codable, Sendable, Equatable {
  /// The PNG text key.
  package static let key = "lora-train"

  /// A model, a VAE or a start image.
  package struct Source: Codable, Sendable, Equatable {
    /// As the user gave it.
    package var path: String
    /// The hash of the content.
    package var sha256: String

    package init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  package struct Adapter: Codable, Sendable, Equatable {
    /// Such as `dog@500`.
    package var name: String
    /// As the user gave it.
    package var path: String
    package var strength: Double
    /// The hash of the file.
    package var sha256: String
    /// The hash of the file without its header, by which other programs find adapters.
    package var tensorsSHA256: String

    private enum CodingKeys: String, CodingKey {
      case name, path, sha256
      case strength = "scale"
      case tensorsSHA256 = "tensors_sha256"
    }

    package init(
      name: String, path: String, strength: Double, sha256: String, tensorsSHA256: String
    ) {
      self.name = name
      self.path = path
      self.strength = strength
      self.sha256 = sha256
      self.tensorsSHA256 = tensorsSHA256
    }
  }

  /// An embedding (textual inversion).
  package struct Embedding: Codable, Sendable, Equatable {
    /// The word in prompts.
    package var name: String
    /// As the user gave it.
    package var path: String
    /// The hash of the file.
    package var sha256: String

    package init(name: String, path: String, sha256: String) {
      self.name = name
      self.path = path
      self.sha256 = sha256
    }
  }

  /// A refiner: it takes over at a split, or draws over the finished picture with a strength.
  package struct Refiner: Codable, Sendable, Equatable {
    package var model: Source
    /// The share of the noise levels after which the refiner takes over.
    package var split: Double?
    /// The share of the steps that it draws again.
    package var strength: Double?
    /// The conditioning with the prompt.
    package var aestheticScore: Double
    /// The conditioning with the negative prompt.
    package var negativeAestheticScore: Double

    private enum CodingKeys: String, CodingKey {
      case model, split, strength
      case aestheticScore = "aesthetic_score"
      case negativeAestheticScore = "negative_aesthetic_score"
    }
  }

  /// The image that was drawn over.
  package struct Start: Codable, Sendable, Equatable {
    package var picture: Source
    /// The share of the steps that were drawn again.
    package var strength: Double
  }

  /// The sizes that SDXL is conditioned on, in pixels.
  package struct Sizes: Codable, Sendable, Equatable {
    /// Width and height.
    package var original: [Int]
    /// Top and left.
    package var crop: [Int]
    /// Width and height.
    package var target: [Int]

    package init(original: [Int], crop: [Int], target: [Int]) {
      self.original = original
      self.crop = crop
      self.target = target
    }
  }

  package var prompt: String
  /// nil if none was given, which is not the empty prompt.
  package var negative: String?
  package var seed: UInt64
  package var steps: Int
  /// The guidance scale.
  package var guidance: Double
  /// From 0 to 1.
  package var guidanceRescale: Double
  /// In pixels.
  package var width: Int
  /// In pixels.
  package var height: Int
  /// The conditioning with the prompt.
  package var sizes: Sizes
  /// The conditioning with the negative prompt; nil for the same as with the prompt.
  package var negativeSizes: Sizes?
  /// Whether prompts longer than 75 tokens were read in chunks.
  package var longPrompts: Bool
  /// Whether `(word:1.2)` was read as a weight.
  package var promptWeights: Bool
  /// The sampler's class in diffusers.
  package var scheduler: String
  /// The name that chose it; nil for the model's own sampler.
  package var sampler: String?
  package var model: Source
  /// nil for the model's own.
  package var vae: Source?
  /// Whether the VAE decoded in tiles: `auto`, `on` or `off`.
  package var vaeTiling: String
  /// In the order of the flags.
  package var adapters: [Adapter]
  /// Whether they were merged into the weights.
  package var mergedAdapters: Bool
  /// nil if there are none.
  package var embeddings: [Embedding]?
  package var refiner: Refiner?
  /// The start image; nil for a picture drawn from noise.
  package var image: Start?
  /// `fp32`, `bf16` or `fp16`.
  package var precision: String
  /// `cpu` or `cuda`.
  package var device: String
  /// CPU threads of libtorch.
  package var threads: Int
  /// The version of libtorch.
  package var libtorch: String
  /// The version of lora-train.
  package var program: String

  private enum CodingKeys: String, CodingKey {
    case prompt, negative, seed, steps, guidance, width, height, sizes, scheduler, sampler, model,
      vae
    case adapters, embeddings, refiner, image, precision, device, threads, libtorch, program
    case guidanceRescale = "guidance_rescale"
    case negativeSizes = "negative_sizes"
    case longPrompts = "long_prompts"
    case promptWeights = "prompt_weights"
    case vaeTiling = "vae_tiling"
    case mergedAdapters = "merged_adapters"
  }

  /// One line of JSON, its keys sorted.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// How a PNG file was drawn.
package enum RecordedPicture: Sendable {
  /// The full record, written by this program.
  case record(PictureRecord)
  /// The infotext of another program.
  case infotext(Infotext)

  /// Throws `ImageError`, and `PictureRecordError` for a file without either text.
  package init(contentsOf url: URL) throws {
    let name = url.relativePath
    _ = try ImageDecoder.header(contentsOf: url)
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw FileAccessError.unreadable(file: name, reason: error.reason)
    }
    let texts = try PNGText.read(data, name: name)
    if let json = texts.first(where: { $0.key == PictureRecord.key })?.value {
      do {
        self = .record(try JSONDecoder().decode(PictureRecord.self, from: Data(json.utf8)))
        return
      } catch {
        throw PictureRecordError.damaged(file: name)
      }
    }
    guard let text = texts.first(where: { $0.key == Infotext.key })?.value,
      let infotext = Infotext(parsing: text)
    else { throw PictureRecordError.none(file: name) }
    self = .infotext(infotext)
  }
}

/// A picture that cannot be drawn again.
package enum PictureRecordError: ReportableError, Equatable {
  /// The file has neither text.
  case none(file: String)
  /// The record is not valid JSON.
  case damaged(file: String)
  /// Files that the picture was drawn with have changed.
  case differs(file: String, differences: [String])

  package var kind: ErrorKind {
    .badData
  }

  package var description: String {
    switch self {
    case .none(let file):
      "\(file) has no record of how it was drawn (no PNG text \(PictureRecord.key) or "
        + "\(Infotext.key)); give `from` a picture that generate or A1111's web UI has written."
    case .damaged(let file):
      "The PNG text \(PictureRecord.key) of \(file) cannot be read; give `from` a picture that this "
        + "version of generate has written."
    case .differs(let file, let differences):
      "\(file) cannot be drawn again as it was: \(differences.joined(separator: "; ")); restore the "
        + "file, or choose what to use instead."
    }
  }
}
