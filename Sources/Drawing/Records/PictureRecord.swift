public import Files
public import Foundation
import Images
import NN

/// Everything that a picture was drawn with, kept in its PNG file as one JSON object, so that it can
/// be drawn again. Models, adapters and pictures are known by their content.
public struct PictureRecord: Codable, Sendable, Equatable {
  /// The key of the text that holds it.
  public static let key = "lora-train"

  /// A model, a VAE or a picture.
  public struct Source: Codable, Sendable, Equatable {
    /// As the user named it.
    public var path: String
    /// Of the content.
    public var sha256: String

    /// A file or folder and the hash of its content.
    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  /// An adapter.
  public struct Adapter: Codable, Sendable, Equatable {
    /// What users know it by, as `dog@500`.
    public var name: String
    /// Its file, as the user named it.
    public var path: String
    /// Its strength.
    public var scale: Double
    /// Of the file.
    public var sha256: String
    /// Of what follows the file's header: what other programs find adapters by.
    public var tensorsSHA256: String

    private enum CodingKeys: String, CodingKey {
      case name, path, scale, sha256
      case tensorsSHA256 = "tensors_sha256"
    }

    /// An adapter with this strength.
    public init(
      name: String, path: String, scale: Double, sha256: String, tensorsSHA256: String
    ) {
      self.name = name
      self.path = path
      self.scale = scale
      self.sha256 = sha256
      self.tensorsSHA256 = tensorsSHA256
    }
  }

  /// A refiner and how it takes part: from a split on, or over the finished picture with a strength.
  public struct Refiner: Codable, Sendable, Equatable {
    /// The model.
    public var model: Source
    /// Share of the noise levels after which it goes on.
    public var split: Double?
    /// Share of the steps that it draws anew.
    public var strength: Double?
    /// What it is told with the prompt.
    public var aestheticScore: Double
    /// What it is told with the negative prompt.
    public var negativeAestheticScore: Double

    private enum CodingKeys: String, CodingKey {
      case model, split, strength
      case aestheticScore = "aesthetic_score"
      case negativeAestheticScore = "negative_aesthetic_score"
    }
  }

  /// A picture that was drawn over.
  public struct Start: Codable, Sendable, Equatable {
    /// The file.
    public var picture: Source
    /// Share of the steps that were drawn anew.
    public var strength: Double
  }

  /// What the UNet was told of a picture's history, in pixels.
  public struct Sizes: Codable, Sendable, Equatable {
    /// Width and height.
    public var original: [Int]
    /// Rows above, columns on the left.
    public var crop: [Int]
    /// Width and height.
    public var target: [Int]

    /// Sizes in pixels.
    public init(original: [Int], crop: [Int], target: [Int]) {
      self.original = original
      self.crop = crop
      self.target = target
    }
  }

  /// What was asked for.
  public var prompt: String
  /// nil: nothing was said.
  public var negative: String?
  /// Of all noise.
  public var seed: UInt64
  /// Sampler steps.
  public var steps: Int
  /// How closely it follows the prompt.
  public var guidance: Double
  /// How much of guidance's gain in contrast was taken back.
  public var guidanceRescale: Double
  /// Pixels in a row.
  public var width: Int
  /// Rows.
  public var height: Int
  /// What the UNet was told with the prompt.
  public var sizes: Sizes
  /// nil: as with the prompt.
  public var negativeSizes: Sizes?
  /// Whether prompts of more than 75 tokens were read whole.
  public var longPrompts: Bool
  /// Whether `(word:1.2)` was read as a weight.
  public var promptWeights: Bool
  /// The sampler's class in diffusers.
  public var scheduler: String
  /// The name that chose it; nil: the model's own.
  public var sampler: String?
  /// The model.
  public var model: Source
  /// nil: the model's own.
  public var vae: Source?
  /// Whether the VAE worked in squares: `auto`, `on` or `off`.
  public var vaeTiling: String
  /// The adapters on the base, in the command line's order.
  public var adapters: [Adapter]
  /// Whether they were added to the weights.
  public var mergedAdapters: Bool
  /// nil: there was none.
  public var refiner: Refiner?
  /// nil: it was drawn from noise.
  public var image: Start?
  /// Type of the weights: `fp32`, `bf16` or `fp16`.
  public var precision: String
  /// `cpu` or `cuda`.
  public var device: String
  /// CPU threads of an operation.
  public var threads: Int
  /// The version of libtorch.
  public var libtorch: String
  /// The version of this program.
  public var program: String

  private enum CodingKeys: String, CodingKey {
    case prompt, negative, seed, steps, guidance, width, height, sizes, scheduler, sampler, model,
      vae
    case adapters, refiner, image, precision, device, threads, libtorch, program
    case guidanceRescale = "guidance_rescale"
    case negativeSizes = "negative_sizes"
    case longPrompts = "long_prompts"
    case promptWeights = "prompt_weights"
    case vaeTiling = "vae_tiling"
    case mergedAdapters = "merged_adapters"
  }

  /// One line of JSON, its keys sorted.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// What a PNG file says of how it was drawn.
public enum RecordedPicture: Sendable {
  /// All of it, by this program.
  case record(PictureRecord)
  /// What another program of this kind wrote.
  case infotext(Infotext)

  /// Reads a PNG file. Throws `ImageError`, and `PictureRecordError` where nothing can be made of it.
  public init(contentsOf url: URL) throws {
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

/// Why a picture does not tell how it was drawn.
public enum PictureRecordError: ReportableError, Equatable {
  /// It has neither text.
  case none(file: String)
  /// This program's text is no record.
  case damaged(file: String)
  /// What it was drawn with is there no more.
  case differs(file: String, differences: [String])

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .none(let file):
      "\(file) does not say how it was drawn (it has no text \(PictureRecord.key) or "
        + "\(Infotext.key)); give `from` a picture that generate or A1111's web UI has written."
    case .damaged(let file):
      "\(file) has a text \(PictureRecord.key) that cannot be read; give `from` a picture that this "
        + "version of generate has written."
    case .differs(let file, let differences):
      "\(file) cannot be drawn again as it was: \(differences.joined(separator: "; ")); bring back "
        + "what it was drawn with, or say which to use instead."
    }
  }
}
