import Foundation
import HTTPTypes
import Hummingbird
import Pages
import RunLog
import Workspace

/// The pages of comparisons and their interface.
extension Studio {
  func addComparisons(to router: Router<BasicRequestContext>) {
    router.get("/compare") { _, _ in
      try await blocking { Answer.html(try templates.html(try comparePage())) }
    }
    router.post("/api/comparisons") { request, _ in
      let order = try ComparisonOrder(try await fields(of: request))
      let job = try await blocking { try queue.submit(order) }
      return try Answer.json(job, status: .accepted)
    }
    router.get("/comparisons/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        guard let summary = try comparison(id) else { throw RequestError.noPage(request.uri.path) }
        let page = ComparisonPage(summary) { row, column in
          "/comparisons/\(id)/\(ResidentDrawing.pictureName(row: row, column: column))"
        }
        return Answer.html(try page.served())
      }
    }
    router.get("/comparisons/:id/:file") { request, context in
      let id = try context.number("id", request)
      let name = context.parameters.get("file") ?? ""
      return try await blocking {
        // The name is one of those that the comparison has, so that it leads nowhere else.
        guard let summary = try comparison(id), summary.files.contains(name) else {
          throw RequestError.noPage(request.uri.path)
        }
        return try Answer.png(at: project.comparison(id).appending(path: name))
      }
    }
  }

  /// What the page of a comparison shows; nil if there is none. Throws `DecodingError`.
  func comparison(_ id: Int64) throws -> ComparisonSummary? {
    let file = project.comparison(id).appending(path: ResidentDrawing.comparisonName)
    guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
    return try JSONDecoder().decode(ComparisonSummary.self, from: data)
  }
}

extension ComparisonSummary {
  /// The names of its files.
  fileprivate var files: Set<String> {
    Set(
      rows.indices.flatMap { row in
        columns.indices.map { ResidentDrawing.pictureName(row: row, column: $0) }
      } + [ResidentDrawing.sheetName])
  }
}
