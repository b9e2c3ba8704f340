package import Drawing
import Files
package import Foundation
import Options
package import RunLog

/// A campaign of the studio: a folder with its template, who draws it, its pictures and the marks of the
/// user.
package struct StudioCampaign: Sendable {
  package let name: String
  package let folder: URL
  private let project: ProjectFolder

  /// The names of all campaigns.
  package static func names(in project: ProjectFolder) -> [String] {
    project.campaigns.entryNames.filter { name in
      isName(name)
        && FileManager.default.fileExists(
          atPath: project.campaigns.appending(path: "\(name)/\(templateName)").path)
    }.sorted()
  }

  /// The campaign with a name. Throws `StudioError.noCampaign`.
  package init(_ name: String, in project: ProjectFolder) throws(StudioError) {
    guard Self.names(in: project).contains(name) else { throw .noCampaign(name) }
    self.init(named: name, in: project)
  }

  private init(named name: String, in project: ProjectFolder) {
    self.name = name
    self.project = project
    folder = project.campaigns.appending(path: name, directoryHint: .isDirectory)
  }

  /// Makes a campaign. Throws `StudioError.badName`, `StudioError.campaignExists`, `FileAccessError`.
  package static func create(
    _ name: String, in project: ProjectFolder
  ) throws -> StudioCampaign {
    guard isName(name) else { throw StudioError.badName(name) }
    let folder = project.campaigns.appending(path: name)
    // An attempt that failed may have left an empty folder, which is removed. Others are not.
    guard !DurableFile.exists(folder) || rmdir(folder.path) == 0 else {
      throw StudioError.campaignExists(name)
    }
    let campaign = StudioCampaign(named: name, in: project)
    try CampaignForm(prompt: "a photo of the subject").write(to: campaign.template)
    return campaign
  }

  /// The fields of its template. Throws `ConfigError`, `CampaignError`.
  package func form() throws -> CampaignForm { try CampaignForm(contentsOf: template) }

  /// Who draws it: the fields of a ``PictureOrder``. Throws `FileAccessError`.
  package func painter() throws -> [String: JSONValue] {
    guard let data = FileManager.default.contents(atPath: painterFile.path) else { return [:] }
    do {
      return try JSONDecoder().decode([String: JSONValue].self, from: data)
    } catch {
      throw FileAccessError.unreadable(file: painterFile.relativePath, reason: "no JSON object")
    }
  }

  /// Saves template and painter. Throws `ConfigError`, `CampaignError`, `StudioError`, `FileAccessError`; then
  /// nothing is changed.
  package func save(_ form: CampaignForm, painter: [String: JSONValue]) throws {
    _ = try PictureOrder(painter)
    try form.write(to: template)
    try DurableFile.replace(painterFile, with: Data(painter.json.utf8))
  }

  /// All pictures of the campaign, drawn or not. Throws as ``request()``, and `CampaignError`.
  package func campaign() throws -> Campaign {
    try Campaign(CampaignTemplate(contentsOf: template), flags: request().request)
  }

  /// The file of a picture; nil if it is not drawn yet.
  package func file(_ picture: Campaign.Picture) -> URL? {
    let file = folder.appending(path: picture.file)
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  /// The request over the template: model, adapters and refiner. Throws `StudioError` and errors of runs.
  func request() throws -> OrderVariant {
    try PictureOrder(painter())
      .variants(in: project, gallery: nil, needsPrompt: false) { _ in }[0]
  }

  var template: URL { folder.appending(path: Self.templateName) }
  private var painterFile: URL { folder.appending(path: "painter.json") }
  private var starFile: URL { folder.appending(path: "stars.json") }
  private static let templateName = "template.yaml"

  private static func isName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}/) != nil && name.last != "."
  }
}

/// The marks of the user.
extension StudioCampaign {
  /// The names of the marked pictures.
  package func stars() -> Set<String> {
    guard let data = FileManager.default.contents(atPath: starFile.path) else { return [] }
    do {
      return try JSONDecoder().decode(Set<String>.self, from: data)
    } catch {
      // A damaged file only loses the marks.
      return []
    }
  }

  /// Marks a picture, or removes its mark. Throws `FileAccessError`.
  package func star(_ file: String, _ isStarred: Bool) throws {
    var stars = stars()
    if isStarred { stars.insert(file) } else { stars.remove(file) }
    try DurableFile.replace(starFile, with: JSONEncoder().encode(stars.sorted()))
  }

  /// Copies the marked pictures and their lines of the manifest into the folder `starred`, and returns it with
  /// the number of pictures. Throws `StudioError.noStars`, `FileAccessError`.
  package func exportStarred() throws -> (folder: URL, count: Int) {
    let pictures = try campaign().pictures.filter { file($0) != nil }
    let stars = stars().intersection(pictures.map(\.file))
    guard !stars.isEmpty else { throw StudioError.noStars }
    let starred = folder.appending(path: "starred", directoryHint: .isDirectory)
    let lines = try pictures.filter { stars.contains($0.file) }.compactMap { picture in
      try CampaignFolder(folder.relativePath, overwrite: false).record(of: picture.file)
        .map { CampaignManifest.Line(picture, $0) }
    }
    try DurableFile.replaceFolder(starred) { new in
      for star in stars {
        let copy = new.appending(path: star)
        do {
          try FileManager.default.copyItem(at: folder.appending(path: star), to: copy)
        } catch {
          throw FileAccessError.unwritable(file: copy.relativePath, reason: error.reason)
        }
      }
      try CampaignManifest.write(lines, to: new.appending(path: CampaignManifest.name))
    }
    return (starred, stars.count)
  }
}
