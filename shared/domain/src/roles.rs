//! Who may do what: roles of the platform, roles in a community, and one table of both.
//!
//! A token says who somebody is. What they may do is what the database says of them, in the transaction in which they
//! do it.

use serde::{Deserialize, Serialize};

/// A role of an administrator of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminRole {
    /// May do everything, and says who else is an administrator.
    SuperAdmin,
    /// Looks after communities and their people.
    Manager,
    /// Helps, and so sees communities and who is in them.
    Specialist,
}

impl AdminRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SuperAdmin, Self::Manager, Self::Specialist];

    /// The name used in tokens, documents and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::Manager => "manager",
            Self::Specialist => "specialist",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A role in a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityRole {
    /// Belongs to it.
    Member,
    /// Keeps it in order.
    Moderator,
    /// Runs it.
    Admin,
}

impl CommunityRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Admin];

    /// The name used in documents and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// What somebody is, where they want to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// On the platform.
    pub admin: Option<AdminRole>,
    /// In the community that it is about, if it is about one.
    pub community: Option<CommunityRole>,
}

/// What not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Make a community.
    CreateCommunity,
    /// See a community.
    ReadCommunity,
    /// Call a community something else.
    RenameCommunity,
    /// Take a community away.
    DeleteCommunity,
    /// Make a new signup token, which ends the one before.
    RotateSignupToken,
    /// See who is in a community.
    ListMembers,
    /// Say what somebody else is in a community.
    ChangeMemberRole,
    /// Take a mere member out of a community.
    RemoveMember,
    /// Take a moderator or an admin out of a community.
    RemoveModerator,
    /// Let a user in no more.
    DeactivateUser,
    /// Let a user in no more who is an administrator.
    DeactivateAdmin,
    /// Let a deactivated user in again.
    ReactivateUser,
    /// See who is an administrator.
    ListAdmins,
    /// Make somebody an administrator, or another one.
    GrantAdminRole,
    /// Take the role of an administrator away.
    RevokeAdminRole,
    /// Read the audit log.
    ReadAuditLog,
}

impl Action {
    /// All of them, in the order of the table of `docs/identity.md`.
    pub const ALL: [Self; 16] = [
        Self::CreateCommunity,
        Self::ReadCommunity,
        Self::RenameCommunity,
        Self::DeleteCommunity,
        Self::RotateSignupToken,
        Self::ListMembers,
        Self::ChangeMemberRole,
        Self::RemoveMember,
        Self::RemoveModerator,
        Self::DeactivateUser,
        Self::DeactivateAdmin,
        Self::ReactivateUser,
        Self::ListAdmins,
        Self::GrantAdminRole,
        Self::RevokeAdminRole,
        Self::ReadAuditLog,
    ];

    /// The name used in the audit log and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateCommunity => "create_community",
            Self::ReadCommunity => "read_community",
            Self::RenameCommunity => "rename_community",
            Self::DeleteCommunity => "delete_community",
            Self::RotateSignupToken => "rotate_signup_token",
            Self::ListMembers => "list_members",
            Self::ChangeMemberRole => "change_member_role",
            Self::RemoveMember => "remove_member",
            Self::RemoveModerator => "remove_moderator",
            Self::DeactivateUser => "deactivate_user",
            Self::DeactivateAdmin => "deactivate_admin",
            Self::ReactivateUser => "reactivate_user",
            Self::ListAdmins => "list_admins",
            Self::GrantAdminRole => "grant_admin_role",
            Self::RevokeAdminRole => "revoke_admin_role",
            Self::ReadAuditLog => "read_audit_log",
        }
    }
}

/// Whether somebody may do something.
pub fn may(standing: Standing, action: Action) -> bool {
    use AdminRole::{Manager, Specialist, SuperAdmin};
    use CommunityRole::{Admin, Member, Moderator};

    let admins: &[AdminRole] = match action {
        Action::ReadCommunity | Action::ListMembers => &[SuperAdmin, Manager, Specialist],
        Action::CreateCommunity
        | Action::RenameCommunity
        | Action::RotateSignupToken
        | Action::ChangeMemberRole
        | Action::RemoveMember
        | Action::RemoveModerator
        | Action::DeactivateUser
        | Action::ReadAuditLog => &[SuperAdmin, Manager],
        Action::DeleteCommunity
        | Action::DeactivateAdmin
        | Action::ReactivateUser
        | Action::ListAdmins
        | Action::GrantAdminRole
        | Action::RevokeAdminRole => &[SuperAdmin],
    };
    let members: &[CommunityRole] = match action {
        Action::ReadCommunity => &[Admin, Moderator, Member],
        Action::ListMembers | Action::RemoveMember => &[Admin, Moderator],
        Action::RenameCommunity
        | Action::RotateSignupToken
        | Action::ChangeMemberRole
        | Action::RemoveModerator => &[Admin],
        Action::CreateCommunity
        | Action::DeleteCommunity
        | Action::DeactivateUser
        | Action::DeactivateAdmin
        | Action::ReactivateUser
        | Action::ListAdmins
        | Action::GrantAdminRole
        | Action::RevokeAdminRole
        | Action::ReadAuditLog => &[],
    };
    standing.admin.is_some_and(|role| admins.contains(&role))
        || standing
            .community
            .is_some_and(|role| members.contains(&role))
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn nobody_may_do_any_of_it_without_a_role() {
        for action in Action::ALL {
            assert!(!may(Standing::default(), action), "{action:?}");
        }
    }

    ///
    #[test]
    fn a_super_admin_may_do_all_of_it_and_a_manager_all_that_a_specialist_may() {
        let as_admin = |role, action| {
            let standing = Standing {
                admin: Some(role),
                community: None,
            };
            may(standing, action)
        };
        for action in Action::ALL {
            assert!(as_admin(AdminRole::SuperAdmin, action), "{action:?}");
            assert!(
                as_admin(AdminRole::Manager, action) || !as_admin(AdminRole::Specialist, action),
                "{action:?}"
            );
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for role in AdminRole::ALL {
            assert_eq!(AdminRole::from_name(role.as_str()), Some(role));
        }
        for role in CommunityRole::ALL {
            assert_eq!(CommunityRole::from_name(role.as_str()), Some(role));
        }
        assert_eq!(AdminRole::from_name("root"), None);
        assert_eq!(CommunityRole::from_name("owner"), None);
    }
}
