import Foundation
import Mustache

/// The templates of the studio, which are part of the program.
package struct StudioTemplates: Sendable {
  private let library: MustacheLibrary

  /// Parses the templates. Throws `PageError.template` if one is broken.
  package init() throws(PageError) {
    var library = MustacheLibrary()
    for (name, bytes) in Self.sources {
      do {
        try library.register(String(decoding: bytes, as: UTF8.self), named: name)
      } catch {
        throw .template("\(name).mustache", reason: "\(error)")
      }
    }
    self.library = library
  }

  /// A page as HTML. Throws `PageError.template` if its template is missing.
  package func html<Page: StudioPage>(_ page: Page) throws(PageError) -> String {
    guard let html = library.render(page, withTemplate: Page.template) else {
      throw .template("\(Page.template).mustache", reason: "it is missing")
    }
    return html
  }

  private static let sources: [(String, [UInt8])] = [
    ("layout", PackageResources.layout_mustache),
    ("field", PackageResources.field_mustache),
    ("card", PackageResources.card_mustache),
    ("draw", PackageResources.draw_mustache),
    ("picture", PackageResources.picture_mustache),
    ("pair", PackageResources.pair_mustache),
    ("runs", PackageResources.runs_mustache),
    ("run", PackageResources.run_mustache),
    ("campaigns", PackageResources.campaigns_mustache),
    ("campaign", PackageResources.campaign_mustache),
    ("compare", PackageResources.compare_mustache),
    ("subjects", PackageResources.subjects_mustache),
    ("subject", PackageResources.subject_mustache),
    ("train", PackageResources.train_mustache),
    ("problem", PackageResources.problem_mustache),
    ("entrance", PackageResources.entrance_mustache),
  ]
}
