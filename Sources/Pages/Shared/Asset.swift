import Files

/// A style sheet, a script or another file that is part of the program.
package struct Asset: Sendable {
  package let bytes: [UInt8]
  /// Its type for browsers.
  package let contentType: String

  /// The asset with a file name; nil if there is none.
  package init?(_ name: String) {
    guard let bytes = Self.files[name] else { return nil }
    self.bytes = bytes
    let ending = name.split(separator: ".").last.map(String.init) ?? ""
    contentType = Self.contentTypes[ending] ?? "text/plain; charset=utf-8"
  }

  private static let contentTypes = [
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8", "svg": "image/svg+xml",
  ]

  /// The description of the interface (OpenAPI 3.1).
  package static let openAPI = "openapi.json"

  /// A hash of all assets.
  package static let version = String(
    ContentHash.of(
      files.sorted { $0.key < $1.key }.map { String(decoding: $0.value, as: UTF8.self) }
    )
    .prefix(12))

  private static let files: [String: [UInt8]] = [
    "studio.css": PackageResources.studio_css,
    "studio.js": PackageResources.studio_js,
    "draw.js": PackageResources.draw_js,
    "jobs.js": PackageResources.jobs_js,
    "pair.js": PackageResources.pair_js,
    "picture.js": PackageResources.picture_js,
    "run.js": PackageResources.run_js,
    "runs.js": PackageResources.runs_js,
    "chart.js": PackageResources.chart_js,
    "campaigns.js": PackageResources.campaigns_js,
    "campaign.js": PackageResources.campaign_js,
    "adapter.js": PackageResources.adapter_js,
    "comparison.css": PackageResources.comparison_css,
    "comparison.js": PackageResources.comparison_js,
    "compare.js": PackageResources.compare_js,
    "subjects.js": PackageResources.subjects_js,
    "subject.js": PackageResources.subject_js,
    "mask.js": PackageResources.mask_js,
    "train.js": PackageResources.train_js,
    "icon.svg": PackageResources.icon_svg,
    openAPI: PackageResources.openapi_json,
  ]
}
