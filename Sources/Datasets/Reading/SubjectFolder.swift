/// A folder with more pictures, as `subject.yaml` lists it.
public struct SubjectFolder: Sendable, Equatable, Decodable {
  /// Where it is, seen from the dataset folder.
  public let path: String
  /// How often an epoch has its pictures; nil: as its name says, else once.
  public let repeats: Int?
  /// Caption of its pictures that have none; nil: as its name says, else the subject's.
  public let caption: String?

  /// A folder to read besides the dataset's own pictures.
  public init(path: String, repeats: Int? = nil, caption: String? = nil) {
    self.path = path
    self.repeats = repeats
    self.caption = caption
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case path, repeats, caption
  }
}
