/// A page of the studio. Its stored properties are what the template shows.
package protocol StudioPage: Sendable {
  /// The template's name.
  static var template: String { get }

  /// The title and the navigation.
  var head: PageHead { get }
}

/// What every page has at its top.
package struct PageHead: Sendable {
  /// A link of the navigation.
  struct Link: Sendable {
    let title: String
    let path: String
    let isCurrent: Bool
  }

  let title: String
  let links: [Link]
  /// The scripts of the page.
  let scripts: [String]
  /// Changes with the assets, so that browsers never use those of another version.
  let version = Asset.version

  /// - Parameters:
  ///   - section: the part of the studio that the page belongs to; nil for none.
  ///   - scripts: the names of its scripts.
  package init(_ title: String, section: StudioSection?, scripts: [String] = []) {
    self.title = title
    self.scripts = scripts
    links = StudioSection.allCases.map {
      Link(title: $0.title, path: $0.path, isCurrent: $0 == section)
    }
  }
}

/// A part of the studio.
package enum StudioSection: String, CaseIterable, Sendable {
  case draw, runs, datasets, compare, campaigns

  var title: String {
    switch self {
    case .draw: "Draw"
    case .runs: "Runs"
    case .datasets: "Datasets"
    case .compare: "Compare"
    case .campaigns: "Campaigns"
    }
  }

  var path: String { "/\(rawValue)" }
}
