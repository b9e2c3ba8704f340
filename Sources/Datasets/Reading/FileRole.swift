/// What a file or folder in a dataset folder is for.
public enum FileRole: Sendable, Equatable {
  /// An image that is trained on.
  case image
  /// A validation image.
  case validation
  /// Captions or the focus point of an image.
  case caption
  /// Captions of several images.
  case metadata
  /// The mask of an image.
  case mask
  /// `subject.yaml`.
  case settings
  /// A file that operating systems and version control leave in folders.
  case system
  /// Nothing, with the reason and what to do.
  case unused(String)
  /// Nothing, because it cannot be used, with the reason and what to do.
  case unusable(String)

  /// The name of the role in JSON.
  public var name: String {
    switch self {
    case .image: "image"
    case .validation: "validation"
    case .caption: "caption"
    case .metadata: "metadata"
    case .mask: "mask"
    case .settings: "settings"
    case .system: "system"
    case .unused: "unused"
    case .unusable: "unusable"
    }
  }

  /// Why the file is not used; nil: it is used, or belongs to the system.
  public var reason: String? {
    switch self {
    case .unused(let reason), .unusable(let reason): reason
    default: nil
    }
  }
}

/// A file or folder in a dataset folder. A folder that is not read stands for all that it contains.
public struct DatasetFile: Sendable, Equatable {
  /// Its path in the dataset folder.
  public let path: String
  /// What it is for.
  public internal(set) var role: FileRole
}
